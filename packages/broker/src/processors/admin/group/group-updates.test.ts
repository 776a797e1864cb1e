import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { defaultBrokerConfig } from '../../../config/broker-config.js';
import { createSubscriptionGroupManager } from '../../../group/create-subscription-group-manager.js';
import { MemoryFileSystem } from '../../../store/io/memory-file-system.js';
import { wantedGroups } from './group-updates.js';

const open = () =>
  createSubscriptionGroupManager({
    environment: virtualEnvironment(1),
    fileSystem: new MemoryFileSystem(),
    directory: '/store/config',
    config: defaultBrokerConfig,
  });
const named = (...names: readonly string[]) => names.map((groupName) => ({ groupName }));

test('as many groups as allowed, and not one more; those that are there may be changed', async () => {
  const groups = await open();
  const countMax = groups.all().size + 2;
  expect(wantedGroups(groups, named('a', 'b', 'a', 'TOOLS_CONSUMER'), countMax)).toHaveLength(4);
  expect(wantedGroups(groups, named('a', 'b', 'c'), countMax)).toEqual({
    code: 1,
    remark: `there would be ${countMax + 1} groups, allowed are ${countMax}`,
  });
  expect(wantedGroups(groups, named('TOOLS_CONSUMER'), 0)).toHaveLength(1);
});

test('a group that is described twice keeps the attributes of both', async () => {
  const described = ['+priority.factor', '+lite.sub.client.quota'].map((name) => ({
    groupName: 'g',
    attributes: { [name]: '5' },
  }));
  expect(wantedGroups(await open(), described)).toMatchObject([
    { group: { attributes: { 'priority.factor': '5' } } },
    { group: { attributes: { 'priority.factor': '5', 'lite.sub.client.quota': '5' } } },
  ]);
});
