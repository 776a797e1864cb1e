import type { OutgoingMessage } from '@orbitmq/core';
import { ValidationError } from '@orbitmq/core/kernel';
import { javaStringHashCode, type MessageQueue } from '@orbitmq/protocol';

/** Whether the message itself names its queue. Such a send is never repeated on another one (page 03 §8). */
export function choosesQueue(message: OutgoingMessage): boolean {
  return hasOrder(message) || hasIdempotencyKey(message);
}

/** Whether it is tried once: a repeat could come behind the messages after it. */
export function hasOrder(message: OutgoingMessage): boolean {
  return message.selectQueue !== undefined || (message.shardingKey !== undefined && message.shardingKey !== '');
}

function hasIdempotencyKey(message: OutgoingMessage): boolean {
  return message.idempotencyKey !== undefined && message.idempotencyKey !== '';
}

/**
 * The queue that the message names: by its selector, else by the hash of its sharding key, equal to Java's
 * SelectMessageQueueByHash, so that producers in both languages send a key to the same queue. Without either by its idempotency
 * key: only the broker that may have stored the first message can recognise the next one.
 */
export function chosenQueueIndex(message: OutgoingMessage, queueCount: number): number {
  if (message.selectQueue !== undefined) {
    const index = message.selectQueue(queueCount);
    if (Number.isInteger(index) && index >= 0 && index < queueCount) return index;
    throw new ValidationError(
      'ARGUMENT_INVALID',
      `selectQueue returned ${index}, expected an index from 0 to ${queueCount - 1}`,
      {
        details: { index, queueCount },
      },
    );
  }
  const key = hasOrder(message) ? message.shardingKey : message.idempotencyKey;
  return Math.abs(javaStringHashCode(key ?? '') % queueCount);
}

/** Which brokers failed a moment ago. */
interface AvoidedBrokers {
  readonly isEmpty: boolean;
  isAvoided(brokerName: string): boolean;
}

/**
 * The next queue in turn (Java: TopicPublishInfo.selectOneMessageQueue). `count` counts sends. A repeated send passes the
 * broker that failed it; every send passes brokers that failed others a moment ago, as long as there is another one: at
 * last any queue is right.
 */
export function nextQueueIndex(
  queues: readonly MessageQueue[],
  count: number,
  failedBroker: string | undefined,
  avoided: AvoidedBrokers | undefined,
): number {
  const first = count % queues.length;
  const isAnyAvoided = avoided !== undefined && !avoided.isEmpty;
  if (failedBroker === undefined && !isAnyAvoided) return first;
  let second: number | undefined;
  for (let step = 0; step < queues.length; step++) {
    const index = (first + step) % queues.length;
    const brokerName = queues[index]?.brokerName ?? '';
    if (brokerName === failedBroker) continue;
    if (!isAnyAvoided || !avoided.isAvoided(brokerName)) return index;
    second ??= index;
  }
  return second ?? first;
}
