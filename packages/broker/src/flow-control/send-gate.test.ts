import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { type BrokerConfig, defaultBrokerConfig } from '../config/broker-config.js';
import type { AppendUnderWay } from '../store/append-under-way.js';
import { localTime, SendGate } from './send-gate.js';

function gateWith(config: Partial<BrokerConfig> = {}) {
  const environment = virtualEnvironment(1);
  const { clock } = environment;
  const state = { isFull: false, append: undefined as AppendUnderWay | undefined };
  const gate = new SendGate({
    clock,
    config: { ...defaultBrokerConfig, ...config },
    isFull: () => state.isFull,
    appendUnderWay: () => state.append,
  });
  return { gate, state, clock, time: environment.time };
}

test('a broker with nothing to do takes sends', () => {
  const { gate } = gateWith();
  expect([gate.overload(), gate.tooEarly(), gate.isStoreStalled]).toEqual([undefined, undefined, false]);
});

test('too much in flight, then a stalled disk', async () => {
  const { gate, state, clock, time } = gateWith();
  state.append = { beganMs: clock.monotonic(), includesFlush: false };
  await time.advance(1000);
  expect(gate.overload()).toBeUndefined();
  await time.advance(1);
  expect(gate.isStoreStalled).toBe(true);
  expect(gate.overload()).toMatchObject({ code: 2, remark: expect.stringMatching(/^\[REJECTREQUEST\]system busy, start flow/) });
  state.isFull = true;
  expect(gate.overload()).toMatchObject({ code: 2, remark: expect.stringMatching(/^\[OVERLOAD\]system busy, start flow/) });
  state.isFull = false;
  state.append = undefined;
  expect(gate.overload()).toBeUndefined();
});

test('sends are taken from the very millisecond on', async () => {
  const { clock } = gateWith();
  const from = clock.now() + 5000;
  const { gate, time } = gateWith({ startAcceptSendRequestTimeStamp: from });
  await time.advance(4999);
  expect(gate.tooEarly()).toEqual({ code: 1, remark: `broker unable to service, until ${localTime(from)}` });
  await time.advance(1);
  expect(gate.tooEarly()).toBeUndefined();
});

test('a time as Java writes it', () => {
  expect(localTime(new Date(2026, 0, 5, 9, 4, 3, 7).getTime())).toBe('2026-01-05 09:04:03,007');
});
