import { encodeRecallHandle, ResponseCode } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { handleTimestamp, type RecallFacts, recallOf } from './recall-rule.js';
import { outTick } from './timer-time.js';

const now = 1_795_216_927_080;
const handle = { topic: 'TopicT', brokerName: 'broker-a', timestamp: now + 5000, uniqueKey: 'U1' };

function recall(changes: Partial<typeof handle> = {}, more: Partial<RecallFacts> = {}) {
  return recallOf({
    topic: 'TopicT',
    recallHandle: encodeRecallHandle({ ...handle, ...changes }),
    brokerName: 'broker-a',
    nowMs: now,
    maxDelayMs: 259_200_000,
    isTopicInKey: false,
    ...more,
  });
}

describe('a recall', () => {
  it('is a cancellation in the same tick', () => {
    expect(recall()).toEqual({
      kind: 'cancellation',
      uniqueKey: 'U1',
      deliverMs: now + 5000,
      properties: { TAGS: '_RECALL_TAG_', UNIQ_KEY: 'U1', TIMER_DELIVER_MS: String(now + 5000), TIMER_DEL_UNIQKEY: 'U1' },
    });
    const tick = outTick(now + 5000, 1000);
    expect(outTick(handleTimestamp(tick), 1000)).toBe(tick);
  });

  it('names the topic in the key when that is asked for', () => {
    expect(recall({}, { isTopicInKey: true })).toMatchObject({ properties: { TIMER_DEL_UNIQKEY: 'TopicT+U1' } });
  });

  it.each([
    ['is the last one', now + 1],
    ['is as far away as any', now + 259_200_000],
  ])('whose time %s is taken', (_, timestamp) => {
    expect(recall({ timestamp }).kind).toBe('cancellation');
  });

  it.each([
    ['of another topic', { topic: 'Other' }],
    ['of another broker', { brokerName: 'broker-b' }],
    ['whose time is now', { timestamp: now }],
    ['whose time is further than any', { timestamp: now + 259_200_001 }],
  ])('%s is refused', (_, changes) => {
    expect(recall(changes)).toMatchObject({ kind: 'refused', code: ResponseCode.ILLEGAL_OPERATION });
  });

  it('without a handle is refused', () => {
    expect(recall({}, { recallHandle: 'x' })).toMatchObject({ kind: 'refused', code: ResponseCode.ILLEGAL_OPERATION });
  });
});
