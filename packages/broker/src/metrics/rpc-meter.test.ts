import { createRequest, RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { RequestResult } from '@orbitmq/remoting';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, it } from 'vitest';
import type { HistogramSample, Labels } from './metric-family.js';
import { RpcMeter } from './rpc-meter.js';

function harness() {
  const { clock, time } = virtualEnvironment(1);
  const meter = new RpcMeter({ clock, isSystemTopic: (topic) => topic === 'SELF_TEST_TOPIC' });
  const ask = async (
    code: number,
    elapsedMs: number,
    answer = 0,
    topic = '',
    result: RequestResult = 'success',
    held = false,
  ) => {
    const request = createRequest(code, { extFields: { topic } });
    meter.begun(request);
    await time.advance(elapsedMs);
    if (held) request.wasHeld = true;
    meter.ended(request, answer, result);
  };
  const samples = (name: string) =>
    (meter.families().find((family) => family.name === `rocketmq_${name}`)?.samples ?? []) as readonly HistogramSample[];
  const counts = (name: string) =>
    samples(name).map(({ counts: classes, labels, sum }) => [labels, [...(classes as number[])], sum]);
  return { ask, counts, samples };
}

const rpc = (labels: Labels): Labels => ({
  is_long_polling: 'false',
  protocol_type: 'remoting',
  request_code: 'send_message_v2',
  response_code: 'success',
  result: 'success',
  ...labels,
});

it('puts requests into classes by their time, the bound in its own', async () => {
  const { ask, counts } = harness();
  for (const ms of [0, 1, 2, 3, 4, 100, 101, 3000, 3001]) await ask(RequestCode.SEND_MESSAGE_V2, ms);
  expect(counts('rpc_latency_milliseconds')).toEqual([[rpc({}), [2, 2, 1, 0, 0, 1, 1, 0, 1, 1], 6212]]);
});

it('measures what is done in one turn, where many share a look at the clock', () => {
  let nowMs = 0;
  let looks = 0;
  const monotonic = (): number => {
    looks += 1;
    return nowMs;
  };
  const meter = new RpcMeter({ clock: { now: () => 0, monotonic }, isSystemTopic: () => false });
  const requests = Array.from({ length: 100 }, () => createRequest(RequestCode.SEND_MESSAGE_V2));
  for (const request of requests) meter.begun(request);
  nowMs = 4;
  for (const request of requests) meter.ended(request, 0, 'success');
  const slow = createRequest(RequestCode.SEND_MESSAGE_V2);
  meter.begun(slow);
  nowMs = 54;
  meter.ended(slow, 0, 'success');
  const sums = meter.families().flatMap(({ samples }) => (samples as readonly HistogramSample[]).map(({ sum }) => sum));
  expect([sums, looks]).toEqual([[450], 4]);
});

it('is right over the turn of its 32 bits', async () => {
  const { ask, counts } = harness();
  for (let minutes = 0; minutes < 150; minutes += 1) await ask(RequestCode.SEND_MESSAGE_V2, 60_000);
  const classes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 150];
  expect(counts('rpc_latency_milliseconds')).toEqual([[rpc({}), classes, 150 * 60_000]]);
});

it('tells codes, ends and long polling apart', async () => {
  const { ask, samples } = harness();
  await ask(RequestCode.SEND_MESSAGE_V2, 1, ResponseCode.SYSTEM_BUSY);
  await ask(RequestCode.SEND_MESSAGE_V2, 1, ResponseCode.SYSTEM_ERROR, '', 'failed');
  await ask(RequestCode.END_TRANSACTION, 1, 0, '', 'oneway');
  await ask(RequestCode.PULL_MESSAGE, 1, ResponseCode.PULL_NOT_FOUND, '', 'success', true);
  expect(samples('rpc_latency_milliseconds').map(({ labels }) => labels)).toEqual([
    rpc({ response_code: 'system_busy' }),
    rpc({ response_code: 'system_error', result: 'process_request_failed' }),
    rpc({ request_code: 'end_transaction', result: 'oneway' }),
    rpc({ request_code: 'pull_message', response_code: 'pull_not_found', is_long_polling: 'true' }),
  ]);
});

it('counts whatever is no code of RocketMQ as one', async () => {
  const { ask, samples } = harness();
  for (let code = 70_000; code < 70_100; code += 1) await ask(code, 0, ResponseCode.REQUEST_CODE_NOT_SUPPORTED);
  expect(samples('rpc_latency_milliseconds').map(({ labels }) => labels)).toEqual([
    rpc({ request_code: 'unknown', response_code: 'request_code_not_supported' }),
  ]);
});

it('counts all answers with codes of a handler’s own as one', async () => {
  const { ask, samples } = harness();
  for (let code = 70_000; code < 70_100; code += 1) await ask(RequestCode.SEND_MESSAGE_V2, 0, code);
  await ask(RequestCode.SEND_MESSAGE_V2, 0, -1);
  expect(samples('rpc_latency_milliseconds').map(({ labels }) => labels)).toEqual([rpc({ response_code: 'unknown' })]);
});

it('measures how long topics and groups take to be made', async () => {
  const { ask, counts } = harness();
  await ask(RequestCode.UPDATE_AND_CREATE_TOPIC, 11, 0, 'T');
  await ask(RequestCode.UPDATE_AND_CREATE_TOPIC_LIST, 10);
  await ask(RequestCode.UPDATE_AND_CREATE_TOPIC, 1, ResponseCode.INVALID_PARAMETER, 'SELF_TEST_TOPIC');
  await ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, 5001);
  expect(counts('topic_create_execution_time_milliseconds')).toEqual([
    [{ invocation_status: 'success', is_system: 'false' }, [1, 1, 0, 0, 0, 0], 21],
    [{ invocation_status: 'failure', is_system: 'true' }, [1, 0, 0, 0, 0, 0], 1],
  ]);
  expect(counts('consumer_group_create_execution_time_milliseconds')).toEqual([
    [{ invocation_status: 'success' }, [0, 0, 0, 0, 0, 1], 5001],
  ]);
});
