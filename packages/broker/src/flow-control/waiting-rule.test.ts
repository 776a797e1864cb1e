import { RequestCode } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { defaultBrokerConfig } from '../config/broker-config.js';
import { refusalOfWaiting, type WaitingRequest } from './waiting-rule.js';

const limits = defaultBrokerConfig;
const waiting = (code: number, waitedMs: number, more: Partial<WaitingRequest> = {}): WaitingRequest => ({
  code,
  waitedMs,
  waitingCount: 17,
  isStoreStalled: false,
  ...more,
});

test.each([
  ['SEND_MESSAGE', 200],
  ['SEND_MESSAGE_V2', 200],
  ['SEND_BATCH_MESSAGE', 200],
  ['CONSUMER_SEND_MSG_BACK', 200],
  ['PULL_MESSAGE', 5000],
  ['LITE_PULL_MESSAGE', 5000],
  ['HEART_BEAT', 31_000],
  ['END_TRANSACTION', 3000],
  ['GET_BROKER_CONFIG', 5000],
  ['UPDATE_AND_CREATE_TOPIC', 5000],
] as const)('%s waits less than %i ms', (name, limitMs) => {
  const code = RequestCode[name];
  expect(refusalOfWaiting(waiting(code, limitMs - 0.1), limits)).toBeUndefined();
  expect(refusalOfWaiting(waiting(code, limitMs), limits)).toEqual({
    code: 2,
    remark: `[TIMEOUT_CLEAN_QUEUE]broker busy, start flow control for a while, period in queue: ${limitMs}ms, size of queue: 17`,
  });
});

test.each([
  'QUERY_MESSAGE',
  'VIEW_MESSAGE_BY_ID',
  'UNREGISTER_CLIENT',
  'CHECK_CLIENT_CONFIG',
  'QUERY_CONSUMER_OFFSET',
  'UPDATE_CONSUMER_OFFSET',
  'GET_CONSUMER_LIST_BY_GROUP',
  'SEND_REPLY_MESSAGE',
  'SEND_REPLY_MESSAGE_V2',
] as const)('%s waits for as long as it takes', (name) => {
  expect(refusalOfWaiting(waiting(RequestCode[name], 1_000_000), limits)).toBeUndefined();
});

test('a stalled store refuses the sends that wait, however short, and nothing else', () => {
  const isStoreStalled = true;
  expect(refusalOfWaiting(waiting(RequestCode.SEND_MESSAGE, 0.9, { isStoreStalled }), limits)).toEqual({
    code: 2,
    remark: '[PCBUSY_CLEAN_QUEUE]broker busy, start flow control for a while, period in queue: 0ms, size of queue: 17',
  });
  expect(refusalOfWaiting(waiting(RequestCode.PULL_MESSAGE, 4999, { isStoreStalled }), limits)).toBeUndefined();
  expect(refusalOfWaiting(waiting(RequestCode.SEND_REPLY_MESSAGE, 4999, { isStoreStalled }), limits)).toBeUndefined();
});

test('nothing is refused without brokerFastFailureEnable', () => {
  const off = { ...limits, brokerFastFailureEnable: false };
  expect(refusalOfWaiting(waiting(RequestCode.SEND_MESSAGE, 1_000_000, { isStoreStalled: true }), off)).toBeUndefined();
});
