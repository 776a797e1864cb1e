/** Ticks of the timer (Java: TimerMessageStore; page 25 §2). All times are wall-clock milliseconds; a tick is named by its begin. */

/** What `timerPrecisionMs` may be; others count as the next one below. */
const precisionsMs: readonly number[] = [1000, 500, 200, 100];

export function usablePrecisionMs(configuredMs: number): number {
  return precisionsMs.find((precision) => precision <= configuredMs) ?? 100;
}

/** The tick that `timeMs` lies in. */
export function tickOf(timeMs: number, precisionMs: number): number {
  return Math.floor(timeMs / precisionMs) * precisionMs;
}

/**
 * The tick in which a message waits that is asked for at `deliverMs` (TIMER_OUT_MS). A tick is delivered when it is over, so the
 * message comes at the next full tick, and an exact multiple belongs to the tick before: never early, less than a tick late.
 */
export function outTick(deliverMs: number, precisionMs: number): number {
  return (Math.ceil(deliverMs / precisionMs) - 1) * precisionMs;
}

/** The newest tick that is over at `nowMs`. */
export function lastOverTick(nowMs: number, precisionMs: number): number {
  return tickOf(nowMs, precisionMs) - precisionMs;
}
