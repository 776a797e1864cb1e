import { ResponseCode } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { defaultConsumerTuning } from './consumer-tuning.js';
import { pullAction } from './pull-action.js';

test.each([
  [ResponseCode.SUCCESS, { kind: 'deliver' }],
  [ResponseCode.PULL_NOT_FOUND, { kind: 'advance' }],
  [ResponseCode.PULL_RETRY_IMMEDIATELY, { kind: 'advance' }],
  [ResponseCode.PULL_OFFSET_MOVED, { kind: 'reset' }],
  [ResponseCode.FLOW_CONTROL, { kind: 'pause', pauseMs: 20, needsHeartbeat: false }],
  [ResponseCode.SUBSCRIPTION_NOT_EXIST, { kind: 'pause', pauseMs: 3000, needsHeartbeat: true }],
  [ResponseCode.SUBSCRIPTION_NOT_LATEST, { kind: 'pause', pauseMs: 3000, needsHeartbeat: true }],
  [ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, { kind: 'pause', pauseMs: 3000, needsHeartbeat: true }],
  [ResponseCode.SYSTEM_ERROR, { kind: 'pause', pauseMs: 3000, needsHeartbeat: false }],
  [ResponseCode.SYSTEM_BUSY, { kind: 'pause', pauseMs: 3000, needsHeartbeat: false }],
  [ResponseCode.NO_PERMISSION, { kind: 'pause', pauseMs: 3000, needsHeartbeat: false }],
  [ResponseCode.TOPIC_NOT_EXIST, { kind: 'pause', pauseMs: 3000, needsHeartbeat: false }],
  [12345, { kind: 'pause', pauseMs: 3000, needsHeartbeat: false }],
])('code %d', (code, action) => {
  expect(pullAction(code, defaultConsumerTuning)).toEqual(action);
});
