import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { defaultBrokerConfig } from '../../../config/broker-config.js';
import { MemoryFileSystem } from '../../../store/io/memory-file-system.js';
import { createTopicConfigManager } from '../../../topic/create-topic-config-manager.js';
import { noRoomRefusal } from './topic-updates.js';

test('as many topics as allowed, and not one more; those that are there may be changed', async () => {
  const topics = await createTopicConfigManager({
    environment: virtualEnvironment(1),
    fileSystem: new MemoryFileSystem(),
    directory: '/store/config',
    config: defaultBrokerConfig,
  });
  const [known = ''] = topics.all().keys();
  const countMax = topics.all().size + 2;
  expect(noRoomRefusal(topics, ['a', 'b', 'a', known], countMax)).toBeUndefined();
  expect(noRoomRefusal(topics, ['a', 'b', 'c'], countMax)).toEqual({
    code: 1,
    remark: `there would be ${countMax + 1} topics, allowed are ${countMax}`,
  });
  expect(noRoomRefusal(topics, [known], 0)).toBeUndefined();
});
