/**
 * What a timed message is at its put (Java: HookUtils.handleScheduleMessage, transformTimerMessage; page 25 §2). DELAY was looked at
 * before and wins; a message that carries TIMER_OUT_MS has had its time and is not timed again.
 */
import { PropertyName, ResponseCode, SystemTopic } from '@orbitmq/protocol';
import { type Destination, timerRequestNames } from '../schedule/delay-rewrite.js';
import { outTick } from './timer-time.js';
import type { WheelLoad } from './timer-wheel.js';

export interface CongestionRules {
  /** From here on sends to a slot are refused by chance, from twice as many on always. */
  readonly congestCountPerSlot: number;
  /** What waits in a tick. */
  readonly loadOf: (tickMs: number) => WheelLoad;
  /** From 0 up to 1. */
  readonly chance: () => number;
}

export interface TimerPutRules extends CongestionRules {
  readonly isEnabled: boolean;
  readonly precisionMs: number;
  readonly maxDelayMs: number;
}

export interface TimerRefusal {
  readonly kind: 'refused';
  readonly code: number;
  readonly remark: string;
}

export type TimerPut =
  | { readonly kind: 'untimed' }
  /** Due already: stored as it is. */
  | { readonly kind: 'due' }
  | { readonly kind: 'timed'; readonly outMs: number }
  | TimerRefusal;

const javaLong = /^[+-]?\d{1,19}$/;
const untimed: TimerPut = { kind: 'untimed' };

export function timerPut(properties: Readonly<Record<string, string>>, nowMs: number, rules: TimerPutRules): TimerPut {
  const name = timerRequestNames.find((candidate) => properties[candidate] !== undefined);
  if (name === undefined || properties[PropertyName.TIMER_OUT_MS] !== undefined) return untimed;
  if (!rules.isEnabled) {
    return refused(ResponseCode.SYSTEM_ERROR, 'accurate timer message is not enabled, timerWheelEnable is false');
  }
  const deliverMs = deliverTime(name, properties[name] ?? '', nowMs);
  if (deliverMs === undefined) return illegal(rules.maxDelayMs);
  if (deliverMs <= nowMs) {
    return properties[PropertyName.TIMER_DEL_UNIQKEY] === undefined ? { kind: 'due' } : illegal(rules.maxDelayMs);
  }
  if (deliverMs - nowMs > rules.maxDelayMs) return illegal(rules.maxDelayMs);
  const outMs = outTick(deliverMs, rules.precisionMs);
  const isCancellation = properties[PropertyName.TIMER_DEL_UNIQKEY] !== undefined;
  return refusalOfTick(outMs, isCancellation, rules) ?? { kind: 'timed', outMs };
}

/** Messages and cancellations are counted each on their own: a full second still lets its messages be taken back. */
export function refusalOfTick(outMs: number, isCancellation: boolean, rules: CongestionRules): TimerRefusal | undefined {
  const { messages, cancellations } = rules.loadOf(outMs);
  return isCongested(isCancellation ? cancellations : messages, rules) ? congested(rules.congestCountPerSlot) : undefined;
}

/** Where a timed message waits; the time and its own topic and queue go into `properties`. */
export function timerDestination(outMs: number, properties: Record<string, string>, destination: Destination): Destination {
  properties[PropertyName.TIMER_OUT_MS] = String(outMs);
  properties[PropertyName.REAL_TOPIC] = destination.topic;
  properties[PropertyName.REAL_QUEUE_ID] = String(destination.queueId);
  return { topic: SystemTopic.TIMER, queueId: 0 };
}

/** Undefined for what Java's Long.parseLong refuses, and for times that are none. */
function deliverTime(name: (typeof timerRequestNames)[number], text: string, nowMs: number): number | undefined {
  if (!javaLong.test(text)) return undefined;
  const value = Number(text);
  const deliverMs =
    name === PropertyName.TIMER_DELIVER_MS ? value : nowMs + (name === PropertyName.TIMER_DELAY_SEC ? value * 1000 : value);
  return Number.isSafeInteger(deliverMs) ? deliverMs : undefined;
}

/** The fuller, the likelier: Java compares the wrong way round between once and twice the number (page 25, trap 17). */
function isCongested(count: number, { congestCountPerSlot, chance }: CongestionRules): boolean {
  if (count < congestCountPerSlot) return false;
  return count >= 2 * congestCountPerSlot || chance() * congestCountPerSlot < count - congestCountPerSlot;
}

function refused(code: number, remark: string): TimerRefusal {
  return { kind: 'refused', code, remark };
}

function illegal(maxDelayMs: number): TimerRefusal {
  return refused(
    ResponseCode.MESSAGE_ILLEGAL,
    `timer message illegal: its time is no number, or further ahead than ${maxDelayMs} ms, or it cancels a message whose time has passed`,
  );
}

function congested(limit: number): TimerRefusal {
  return refused(
    ResponseCode.SYSTEM_ERROR,
    `timer message is under flow control: ${limit} or more messages wait for the same time`,
  );
}
