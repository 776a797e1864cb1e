import { ResponseCode } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { type TimerPutRules, timerPut } from './timer-put-rule.js';

const now = 1_795_216_927_080;
const rules: TimerPutRules = {
  isEnabled: true,
  precisionMs: 1000,
  maxDelayMs: 259_200_000,
  congestCountPerSlot: 0x7fff_ffff,
  loadOf: () => ({ messages: 0, cancellations: 0 }),
  chance: () => 0.5,
};

const put = (properties: Record<string, string>, changes: Partial<TimerPutRules> = {}) =>
  timerPut(properties, now, { ...rules, ...changes });

describe('a message', () => {
  it.each([
    ['of seconds', { TIMER_DELAY_SEC: '2' }, 1_795_216_929_000],
    ['of milliseconds', { TIMER_DELAY_MS: '1' }, 1_795_216_927_000],
    ['of a time', { TIMER_DELIVER_MS: '1795216930000' }, 1_795_216_929_000],
    ['of a time just after a tick', { TIMER_DELIVER_MS: '1795216930001' }, 1_795_216_930_000],
    ['of all three: seconds count', { TIMER_DELIVER_MS: '1', TIMER_DELAY_MS: '9000', TIMER_DELAY_SEC: '2' }, 1_795_216_929_000],
    ['of two: milliseconds count', { TIMER_DELIVER_MS: '1', TIMER_DELAY_MS: '2000' }, 1_795_216_929_000],
    ['of the longest delay', { TIMER_DELAY_SEC: '259200' }, 1_795_476_127_000],
    ['with the sign that Java reads', { TIMER_DELAY_SEC: '+2' }, 1_795_216_929_000],
  ])('%s waits in its tick', (_, properties, outMs) => {
    expect(put(properties)).toEqual({ kind: 'timed', outMs });
  });

  it.each([
    ['none', {}, 'untimed'],
    ['a tag', { TAGS: 'x' }, 'untimed'],
    ['a time it has had', { TIMER_DELAY_SEC: '2', TIMER_OUT_MS: '1795216920000' }, 'untimed'],
    ['now', { TIMER_DELAY_MS: '0' }, 'due'],
    ['the past', { TIMER_DELIVER_MS: '1' }, 'due'],
    ['a negative delay', { TIMER_DELAY_SEC: '-1' }, 'due'],
  ])('of %s is %s', (_, properties, kind) => {
    expect(put(properties)).toEqual({ kind });
  });

  it.each([
    ['no number', { TIMER_DELAY_SEC: 'x' }],
    ['an empty number', { TIMER_DELAY_SEC: '' }],
    ['a fraction', { TIMER_DELAY_MS: '1.5' }],
    ['a number with a blank', { TIMER_DELAY_MS: ' 1' }],
    ['a number beyond any time', { TIMER_DELIVER_MS: '9223372036854775807' }],
    ['a millisecond too much', { TIMER_DELAY_MS: '259200001' }],
    ['seconds counted, though the others would do', { TIMER_DELAY_SEC: '259201', TIMER_DELAY_MS: '1' }],
    ['a cancellation that is due', { TIMER_DELAY_MS: '0', TIMER_DEL_UNIQKEY: 'k' }],
  ])('of %s is refused as illegal', (_, properties) => {
    expect(put(properties)).toMatchObject({ kind: 'refused', code: ResponseCode.MESSAGE_ILLEGAL });
  });

  it('is refused while the wheel is off; one without a time is not', () => {
    const off = { isEnabled: false };
    expect(put({ TIMER_DELAY_MS: '0' }, off)).toMatchObject({ kind: 'refused', code: ResponseCode.SYSTEM_ERROR });
    expect(put({ TAGS: 'x' }, off)).toEqual({ kind: 'untimed' });
  });
});

describe('a full slot', () => {
  it.each([
    [9, 0, 'timed'],
    [10, 0, 'timed'],
    [11, 0.05, 'refused'],
    [11, 0.1, 'timed'],
    [19, 0.89, 'refused'],
    [19, 0.9, 'timed'],
    [20, 0.999, 'refused'],
  ])('of %i messages, with the chance %d: %s', (count, chance, kind) => {
    const asked: number[] = [];
    const loadOf = (tick: number) => {
      asked.push(tick);
      return { messages: count, cancellations: 0 };
    };
    expect(put({ TIMER_DELAY_SEC: '2' }, { congestCountPerSlot: 10, loadOf, chance: () => chance }).kind).toBe(kind);
    expect(asked).toEqual([1_795_216_929_000]);
  });

  it('counts messages and cancellations each on their own', () => {
    const kindOf = (cancelled: object, messages: number, cancellations: number) =>
      put({ TIMER_DELAY_SEC: '2', ...cancelled }, { congestCountPerSlot: 10, loadOf: () => ({ messages, cancellations }) }).kind;
    expect([kindOf({}, 0, 20), kindOf({}, 20, 0)]).toEqual(['timed', 'refused']);
    expect([kindOf({ TIMER_DEL_UNIQKEY: 'U' }, 20, 0), kindOf({ TIMER_DEL_UNIQKEY: 'U' }, 0, 20)]).toEqual(['timed', 'refused']);
  });

  it('says that it is flow control', () => {
    expect(
      put({ TIMER_DELAY_SEC: '2' }, { congestCountPerSlot: 10, loadOf: () => ({ messages: 20, cancellations: 0 }) }),
    ).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: expect.stringContaining('under flow control'),
    });
  });
});
