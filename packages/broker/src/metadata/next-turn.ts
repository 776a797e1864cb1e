import type { Timers } from '@orbitmq/core/kernel';
import type { Steps } from '@orbitmq/protocol';

/** Queues of a topic that are looked at in one turn of the event loop: a topic may have 65,536. */
export const queuesPerTurn = 1000;

/** Lets everybody else have a turn. */
export function nextTurn(timers: Timers): Promise<void> {
  return new Promise((resolve) => void timers.setImmediate(resolve));
}

/** Does the first step in the turn of the call, and each other one in a turn of its own. Rejects with what a step throws. */
export async function inTurns<T>(timers: Timers, steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await nextTurn(timers);
  }
}
