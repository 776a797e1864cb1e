import { decodeBrokerStatsData, decodeKvTable, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { expect, test, vi } from 'vitest';
import { runningBroker } from './test-support/running-broker.js';

// Whole brokers: much work for a machine that others use too.
vi.setConfig({ testTimeout: 30_000 });

async function brokerWithTraffic() {
  const running = await runningBroker();
  const { ask, createTopic, environment, pull, send, startBroker } = running;
  const broker = await startBroker();
  await createTopic('T');
  for (const text of ['a', 'b', 'c']) await send('T', text);
  await pull('T', 0);
  // Nothing there.
  await pull('T', 3);
  const view = async (statsName: string, statsKey: string) => {
    const answer = await ask(RequestCode.VIEW_BROKER_STATS_DATA, { statsName, statsKey });
    return answer.code === ResponseCode.SUCCESS ? decodeBrokerStatsData(answer.body as Buffer).statsMinute : answer.code;
  };
  const runtime = async () => {
    const answer = await ask(RequestCode.GET_BROKER_RUNTIME_INFO);
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    return decodeKvTable(answer.body as Buffer);
  };
  const pass = (ms: number) => environment.time.advance(ms);
  return { ...running, broker, view, runtime, pass };
}

test('what was sent and pulled is in the statistics of topic, group and broker, within 10 s', async () => {
  const { pass, view } = await brokerWithTraffic();
  await pass(10_000);
  expect(await view('TOPIC_PUT_NUMS', 'T')).toMatchObject({ sum: 3, avgpt: 1 });
  expect(await view('GROUP_GET_NUMS', 'T@g')).toMatchObject({ sum: 3, avgpt: 3 });
  expect(await view('BROKER_PUT_NUMS', 'DefaultCluster')).toMatchObject({ sum: 3 });
  expect(await view('BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC', 'DefaultCluster')).toMatchObject({ sum: 3 });
  const [put, got] = [await view('TOPIC_PUT_SIZE', 'T'), await view('GROUP_GET_SIZE', 'T@g')];
  // The bytes of the records, in and out.
  expect(put).toEqual(expect.objectContaining({ sum: expect.any(Number) }));
  expect((put as { sum: number }).sum).toBeGreaterThan(3 * 91);
  expect((got as { sum: number }).sum).toBe((put as { sum: number }).sum);
});

test('what was never counted, and what belonged to a deleted topic, gets 1', async () => {
  const { ask, view } = await brokerWithTraffic();
  expect(await view('TOPIC_PUT_NUMS', 'X')).toBe(ResponseCode.SYSTEM_ERROR);
  expect(await view('NO_SUCH_NAME', 'T')).toBe(ResponseCode.SYSTEM_ERROR);
  expect(await view('TOPIC_PUT_NUMS', 'T')).toMatchObject({ sum: expect.any(Number) });
  await ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'T' });
  expect(await view('TOPIC_PUT_NUMS', 'T')).toBe(ResponseCode.SYSTEM_ERROR);
  expect(await view('GROUP_GET_NUMS', 'T@g')).toBe(ResponseCode.SYSTEM_ERROR);
});

test('the runtime information counts puts, reads and the log', async () => {
  const { environment, pass, runtime } = await brokerWithTraffic();
  await pass(60_000);
  const info = await runtime();
  expect(info).toMatchObject({
    putMessageTimesTotal: '3',
    putMessageFailedTimes: '0',
    msgPutTotalTodayNow: '3',
    msgGetTotalTodayNow: '3',
    msgPutTotalTodayMorning: '0',
    commitLogMinOffset: '0',
    dispatchBehindBytes: '0',
    remainHowManyDataToFlush: '0 B',
    sendThreadPoolQueueSize: '0',
    brokerActive: 'true',
  });
  expect(info['commitLogMaxOffset']).toBe(info['putMessageSizeTotal']);
  expect(info['putMessageDistributeTime']).toMatch(/^(\[[^\]]+\]:\d+ ){13}$/);
  const earliest = Number(info['earliestMessageTimeStamp']);
  expect(earliest).toBeGreaterThan(0);
  expect(earliest).toBeLessThanOrEqual(environment.clock.now());
  const rates = (info['putTps'] ?? '').split(' ').map(Number);
  expect(rates).toHaveLength(3);
  expect(rates[0]).toBe(0);
  expect(rates[2]).toBeGreaterThan(0);
});

test('a restart begins at 0, as at Apache', async () => {
  const { broker, runtime, settle, startBroker } = await brokerWithTraffic();
  await settle(broker.stop());
  await startBroker();
  expect(await runtime()).toMatchObject({ msgPutTotalTodayMorning: '0', msgPutTotalTodayNow: '0', putMessageTimesTotal: '0' });
});
