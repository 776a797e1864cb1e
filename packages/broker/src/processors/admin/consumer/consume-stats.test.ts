import { createRequest, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { RecordingConnection } from '../../../test-support/recording-connection.js';
import { plainTopic } from '../../../topic/boot-topics.js';
import { CollectionGate } from './collection-gate.js';
import { ConsumeStatsProcessor } from './consume-stats.js';

async function ask(extFields: { readonly topic?: string; readonly topicList?: string }) {
  const environment = virtualEnvironment(1);
  const asked: string[] = [];
  const processor = new ConsumeStatsProcessor({
    timers: environment.timers,
    topics: { get: (topic) => (topic.startsWith('T') ? plainTopic(topic, 1, 6) : undefined) },
    offsets: { topicsWithOffsets: () => ['T of the group', 'unknown'] },
    progress: {
      hasLeft: (_group, topic) => topic === 'T left',
      of: async (_walk, _group, topic) => {
        asked.push(topic);
        return { consumeTps: 1, queues: [], diff: 0, inflightDiff: 0 };
      },
    },
    gate: new CollectionGate(),
  });
  const connection = new RecordingConnection();
  const request = createRequest(RequestCode.GET_CONSUME_STATS, { extFields: { consumerGroup: 'g', ...extFields } });
  await environment.time.settle(processor.process(request, connection));
  return { asked, code: connection.responses[0]?.code };
}

test('one topic, several, or all that the group has offsets in', async () => {
  expect((await ask({ topic: 'T1' })).asked).toEqual(['T1']);
  expect((await ask({ topic: 'T1', topicList: 'T2;T1;;T left;unknown' })).asked).toEqual(['T1', 'T2']);
  expect((await ask({})).asked).toEqual(['T of the group']);
});

test('a list of more topics than are looked at is refused', async () => {
  expect(await ask({ topicList: 'x;'.repeat(9999) })).toMatchObject({ code: ResponseCode.SUCCESS });
  expect(await ask({ topicList: 'T;'.repeat(10_000) })).toEqual({ asked: [], code: ResponseCode.INVALID_PARAMETER });
});
