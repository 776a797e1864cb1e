import type { Timers } from '@orbitmq/core/kernel';

/** Queues of a topic that are looked at in one turn of the event loop: a topic may have 65,536. */
export const queuesPerTurn = 1000;

/** Lets everybody else have a turn. */
export function nextTurn(timers: Timers): Promise<void> {
  return new Promise((resolve) => void timers.setImmediate(resolve));
}
