import { deadLetterTopic, defineTopic } from '@orbitmq/core';
import type { Parcel } from './history.js';

const orders = defineTopic<Parcel>('orders');

/** What is sent, and who listens. Every consumer process is a member of every group. */
export const topics = {
  orders,
  ledger: defineTopic<Parcel>('ledger'),
  reminders: defineTopic<Parcel>('reminders'),
  payments: defineTopic<Parcel>('payments'),
  deadLetters: deadLetterTopic(orders, 'billing'),
} as const;

type TopicKey = keyof typeof topics;

export interface GroupRule {
  readonly group: string;
  readonly topic: TopicKey;
  /** Undefined: all. */
  readonly tags: readonly string[] | undefined;
  readonly orderly: boolean;
  /** Its handlers fail as the parcel's plan says; the others never do. */
  readonly fails: boolean;
  readonly maxReconsumeTimes: number;
  readonly consumeTimeoutMs: number;
  readonly pullBatchSize: number;
  readonly pullThresholdForQueue: number;
  /** How many of its handlers are slow, and how long those work at most, milliseconds. */
  readonly slowChance: number;
  readonly workMsMax: number;
  readonly batch: { readonly size: number; readonly waitMs: number } | undefined;
}

const plain = {
  tags: undefined,
  orderly: false,
  fails: false,
  maxReconsumeTimes: -1,
  consumeTimeoutMs: 900_000,
  pullBatchSize: 32,
  pullThresholdForQueue: 1000,
  slowChance: 0.05,
  workMsMax: 1000,
  batch: undefined,
} as const;

export const groups: readonly GroupRule[] = [
  { ...plain, group: 'billing', topic: 'orders', tags: ['paid', 'placed'], fails: true, maxReconsumeTimes: 2 },
  { ...plain, group: 'audit', topic: 'orders', batch: { size: 8, waitMs: 20 }, pullBatchSize: 4, pullThresholdForQueue: 8 },
  { ...plain, group: 'slow', topic: 'orders', tags: ['cancelled'], consumeTimeoutMs: 2000, workMsMax: 6000 },
  { ...plain, group: 'bookkeeping', topic: 'ledger', orderly: true, fails: true, slowChance: 0.25, workMsMax: 3000 },
  { ...plain, group: 'alarm', topic: 'reminders' },
  { ...plain, group: 'shipping', topic: 'payments' },
  { ...plain, group: 'undertaker', topic: 'deadLetters' },
];

/** The group whose poisoned messages end in the dead-letter topic. */
export const billing = groups[0] as GroupRule;
