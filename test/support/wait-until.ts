import { setTimeout as pause } from 'node:timers/promises';

/** Waits, looking every few milliseconds, until `condition` gives a value; fails with `what` after `limitMs`. For real processes only. */
export async function waitUntil<T>(
  what: string,
  limitMs: number,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await pause(10);
  }
}
