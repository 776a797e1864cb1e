import type { OutgoingMessage } from '@orbitmq/core';
import { ValidationError } from '@orbitmq/core/kernel';
import { javaStringHashCode, type MessageQueue } from '@orbitmq/protocol';

/** Whether the message itself names its queue. Such a send is never repeated on another one (page 03 §8). */
export function choosesQueue(message: OutgoingMessage): boolean {
  return message.selectQueue !== undefined || (message.shardingKey !== undefined && message.shardingKey !== '');
}

/**
 * The queue that the message names: by its selector, else by the hash of its sharding key, equal to Java's
 * SelectMessageQueueByHash, so that producers in both languages send a key to the same queue.
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
  return Math.abs(javaStringHashCode(message.shardingKey ?? '') % queueCount);
}

/**
 * The next queue in turn (Java: TopicPublishInfo.selectOneMessageQueue). `count` counts sends; a repeated send passes the
 * broker that failed, and any queue is right when there is no other broker.
 */
export function nextQueueIndex(queues: readonly MessageQueue[], count: number, failedBroker: string | undefined): number {
  const first = count % queues.length;
  if (failedBroker === undefined) return first;
  for (let step = 0; step < queues.length; step++) {
    const index = (first + step) % queues.length;
    if (queues[index]?.brokerName !== failedBroker) return index;
  }
  return first;
}
