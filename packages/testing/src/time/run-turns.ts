import { setImmediate as realSetImmediate } from 'node:timers';

/**
 * Calls `step` in one turn of the real event loop after another until it returns false; rejects with what it throws. The
 * only file of this package that touches a real timer. Between two turns Node runs every `process.nextTick` callback and
 * promise reaction, and those that they queue, however long the chain: what is left then waits for a virtual timer (or for
 * real I/O, which has no place in a simulation).
 */
export function runTurns(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const turn = (): void => {
      try {
        if (!step()) {
          resolve();
          return;
        }
      } catch (error) {
        reject(error as Error);
        return;
      }
      realSetImmediate(turn);
    };
    realSetImmediate(turn);
  });
}
