import { AbortReason, type DeliveryOutcome } from '@orbitmq/core';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { checkRequest } from '../test-support/check-request.js';
import { DirectConsumption } from './direct-consumption.js';
import { ack, recorder, retry } from './test-support/consumer-fixture.js';

const record = checkRequest({ group: 'p', messageId: 'id' }).body ?? Buffer.alloc(0);

function setup(verdict: () => DeliveryOutcome | Promise<DeliveryOutcome>, orderly = false, isStarted = true) {
  const environment = virtualEnvironment(1);
  const recorded = recorder(environment, verdict);
  const definition = { group: 'billing', orderly, consumeTimeoutMs: 1000 };
  const direct = new DirectConsumption({ environment, definition, deliver: recorded.deliver, bodyBytesMax: 1024 });
  if (isStarted) direct.start();
  return { environment, recorded, direct };
}

test.each([
  ['success', ack, 'CR_SUCCESS', undefined],
  ['another try', { status: 'retry', ackedCount: 0, delayLevel: 0, error: undefined } as const, 'CR_LATER', undefined],
  ['an error', retry(), 'CR_THROW_EXCEPTION', 'Error: planted'],
])('%s is told, and nothing else is done', async (_name, outcome, consumeResult, remark) => {
  const { direct, recorded } = setup(() => outcome, true);
  const result = await direct.consume(record, 'broker-a');
  expect(result).toMatchObject({ consumeResult, isOrderly: true, spentTimeMs: 0 });
  expect(result?.remark).toBe(remark);
  expect(recorded.deliveries[0]?.messages[0]).toMatchObject({ messageId: 'id', topic: 'orders', brokerName: 'broker-a' });
});

test('a record that cannot be read is told as an error', async () => {
  const { direct } = setup(() => ack);
  expect(await direct.consume(Buffer.from('garbage'), 'b')).toMatchObject({ consumeResult: 'CR_THROW_EXCEPTION' });
});

test('a few run at a time; they hear of the time limit', async () => {
  const { environment, direct, recorded } = setup(() => new Promise(() => {}));
  for (let running = 0; running < 4; running++) void direct.consume(record, 'b');
  expect(direct.consume(record, 'b')).toBeUndefined();
  expect(recorded.deliveries).toHaveLength(4);
  const signals = recorded.deliveries.map(({ context }) => context.signal);
  expect(signals.every(({ aborted }) => aborted)).toBe(false);
  await environment.time.advance(1000);
  expect(signals.map(({ reason }) => reason.kind)).toEqual(Array.from({ length: 4 }, () => 'timeout'));
});

test('nothing is taken before the start and after the stop; what runs can be waited for, and aborted', async () => {
  const handlers: ((outcome: DeliveryOutcome) => void)[] = [];
  const { direct, recorded } = setup(() => new Promise((resolve) => handlers.push(resolve)));
  const { direct: unstarted } = setup(() => ack, false, false);
  expect([unstarted.consume(record, 'b'), direct.idle()]).toEqual([undefined, undefined]);
  const consuming = [direct.consume(record, 'b'), direct.consume(record, 'b')];
  direct.stop();
  expect(direct.consume(record, 'b')).toBeUndefined();
  expect(recorded.deliveries.map(({ context }) => context.signal.aborted)).toEqual([false, false]);
  let isIdle = false;
  void direct.idle()?.then(() => {
    isIdle = true;
  });
  handlers[0]?.(ack);
  await consuming[0];
  expect(isIdle).toBe(false);
  direct.abort(new AbortReason('stopped'));
  expect(recorded.deliveries[1]?.context.signal.reason).toMatchObject({ kind: 'stopped' });
  handlers[1]?.(ack);
  await consuming[1];
  expect([isIdle, direct.idle()]).toEqual([true, undefined]);
});
