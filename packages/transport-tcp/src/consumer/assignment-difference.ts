import type { MessageQueue } from '@orbitmq/protocol';
import { allocateAveragely } from './allocate-averagely.js';
import { compareQueues, queueKey } from './queue-key.js';

export interface AssignmentDifference {
  /** Queues to take, in allocation order. */
  readonly added: readonly MessageQueue[];
  /** Keys of held queues that belong to another member now. */
  readonly droppedKeys: readonly string[];
}

/**
 * One topic's step from what is held to what is due (page 05 §3). Without queues or without members nothing changes: a
 * NameServer or broker that cannot tell must not stop consumption. A client that is not in the list gets nothing: the
 * others have shared out its queues.
 */
export function assignmentDifference(input: {
  readonly queues: readonly MessageQueue[] | undefined;
  readonly consumerIds: readonly string[] | undefined;
  readonly ownId: string;
  readonly heldKeys: readonly string[];
}): AssignmentDifference | undefined {
  if (input.queues === undefined || input.queues.length === 0) return undefined;
  if (input.consumerIds === undefined || input.consumerIds.length === 0) return undefined;
  const queues = [...input.queues].sort(compareQueues);
  // Default sort: by UTF-16 code units, as Java sorts strings.
  const consumerIds = [...new Set(input.consumerIds)].sort();
  const mine = new Map(allocateAveragely(queues, consumerIds, input.ownId).map((queue) => [queueKey(queue), queue]));
  const held = new Set(input.heldKeys);
  return {
    added: [...mine].filter(([key]) => !held.has(key)).map(([, queue]) => queue),
    droppedKeys: input.heldKeys.filter((key) => !mine.has(key)),
  };
}
