import { createRequest, type ExtFields, type JsonObject, parseFastjson, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { describe, expect, test } from 'vitest';
import { RecordingConnection } from '../../../test-support/recording-connection.js';
import { plainTopic } from '../../../topic/boot-topics.js';
import { createConsumptionProcessors } from '../../create-consumption-processors.js';

interface Tables {
  readonly topics: number;
  readonly queuesEach: number;
  readonly groups?: number;
  readonly brokerName?: string;
}

/** Topics T0, T1, … of a broker whose groups g0, g1, … have offsets in all of them; `looks` counts queues that were looked at. */
function setup({ topics: topicCount, queuesEach, groups: groupCount = 1, brokerName = 'b' }: Tables) {
  const environment = virtualEnvironment(1);
  const names = Array.from({ length: topicCount }, (_, n) => `T${n}`);
  const seen = { looks: 0, pauses: 0 };
  /** Resolve the look at the store that waits, when looks are held. */
  const held: (() => void)[] = [];
  let isHolding = false;
  const store = {
    minOffset: () => 0,
    maxOffset: () => {
      seen.looks += 1;
      return 1;
    },
    storeTime: () => (isHolding ? new Promise<number>((resolve) => held.push(() => resolve(1))) : Promise.resolve(1)),
    earliestStoreTime: () => Promise.resolve(1),
  };
  const timers = {
    ...environment.timers,
    setImmediate: (callback: () => void) => {
      seen.pauses += 1;
      queueMicrotask(callback);
    },
  };
  const processors = createConsumptionProcessors({
    environment: { ...environment, timers },
    config: { brokerName },
    store,
    topics: { get: (name: string) => (names.includes(name) ? plainTopic(name, queuesEach, 6) : undefined) },
    groups: { all: () => new Map(Array.from({ length: groupCount }, (_, n) => [`g${n}`, {}])) },
    offsets: { query: () => 1, pullOffset: () => 1, topicsWithOffsets: () => names },
    consumers: { subscription: () => undefined, subscriptionCount: () => 0 },
    rates: { topicPutTps: () => 0, groupGetTps: () => 0 },
    address: () => '127.0.0.1:10911',
  } as unknown as Parameters<typeof createConsumptionProcessors>[0]);
  const byCode = new Map(processors.flatMap(({ codes, processor }) => codes.map((code) => [code, processor] as const)));
  const start = (code: number, extFields: ExtFields = {}) => {
    const connection = new RecordingConnection();
    const fields = { consumerGroup: 'g0', group: 'g0', isOrder: 'false', ...extFields };
    const done = Promise.resolve(byCode.get(code)?.process(createRequest(code, { extFields: fields }), connection));
    return { connection, done };
  };
  const ask = async (code: number, extFields?: ExtFields) => {
    const { connection, done } = start(code, extFields);
    await done;
    expect(connection.responses).toHaveLength(1);
    return connection.responses[0];
  };
  const hold = (): void => void (isHolding = true);
  const release = (): void => {
    isHolding = false;
    for (const answer of held.splice(0)) answer();
  };
  return { ask, hold, release, seen, start };
}

describe('others have their turn after every 1000 queues', () => {
  test.each([
    // Five of the pauses are between the pieces of the answer, which has 0.7 MB.
    ['208 over many small topics', RequestCode.GET_CONSUME_STATS, 5],
    // One is that behind the group.
    ['317 over many small topics', RequestCode.GET_BROKER_CONSUME_STATS, 6],
  ])('%s', async (_name, code, more) => {
    const { ask, seen } = setup({ topics: 12, queuesEach: 500 });
    expect((await ask(code))?.code).toBe(ResponseCode.SUCCESS);
    // A topic is a step of its own.
    expect([seen.looks, seen.pauses]).toEqual([6000, 6 + more]);
  });

  test.each([
    ['202', RequestCode.GET_TOPIC_STATS_INFO, 1],
    ['303', RequestCode.QUERY_CONSUME_TIME_SPAN, 2],
  ])('%s', async (_name, code, betweenPieces) => {
    const { ask, seen } = setup({ topics: 1, queuesEach: 2500 });
    expect((await ask(code, { topic: 'T0' }))?.code).toBe(ResponseCode.SUCCESS);
    expect(seen.pauses).toBe(2 + betweenPieces);
  });
});

describe('an answer that no frame holds is refused as soon as it is known', () => {
  const brokerName = 'b'.repeat(20_000);
  test.each([
    ['202', RequestCode.GET_TOPIC_STATS_INFO],
    ['303', RequestCode.QUERY_CONSUME_TIME_SPAN],
    ['208', RequestCode.GET_CONSUME_STATS],
    ['317', RequestCode.GET_BROKER_CONSUME_STATS],
  ])('%s', async (_name, code) => {
    const { ask, seen } = setup({ topics: 3, queuesEach: 2000, groups: 3, brokerName });
    const answer = await ask(code, { topic: 'T0' });
    expect([answer?.code, answer?.remark]).toEqual([ResponseCode.SYSTEM_ERROR, expect.stringContaining('an answer at most')]);
    // 16 MiB are some 840 texts of 20,000 characters.
    expect(seen.looks).toBeLessThan(850);
  });
});

test('317: the limit counts over all groups', async () => {
  const { ask, seen } = setup({ topics: 1, queuesEach: 100, groups: 1000, brokerName: 'b'.repeat(20_000) });
  expect((await ask(RequestCode.GET_BROKER_CONSUME_STATS))?.code).toBe(ResponseCode.SYSTEM_ERROR);
  expect(seen.looks).toBeLessThan(850);
});

test('202, 208, 303 and 317 share their places: two are collected, the others wait', async () => {
  const { hold, release, seen, start } = setup({ topics: 1, queuesEach: 1 });
  hold();
  const asked = [
    start(RequestCode.QUERY_CONSUME_TIME_SPAN, { topic: 'T0' }),
    start(RequestCode.GET_CONSUME_STATS),
    start(RequestCode.GET_TOPIC_STATS_INFO, { topic: 'T0' }),
    start(RequestCode.GET_BROKER_CONSUME_STATS),
  ];
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  const answers = () => asked.map(({ connection }) => connection.responses.length);
  // The first has looked at the queue's end; the second does so behind what it waits for.
  expect([answers(), seen.looks]).toEqual([[0, 0, 0, 0], 1]);
  release();
  await Promise.all(asked.map(({ done }) => done));
  expect(answers()).toEqual([1, 1, 1, 1]);
  const stats = parseFastjson(asked[1]?.connection.responses[0]?.body?.toString() ?? '') as JsonObject;
  expect(Object.keys(stats['offsetTable'] as JsonObject)).toHaveLength(1);
});
