/** How long a message may wait in one slot (Java: TimerMessageStore.doEnqueue; page 25 §2.2): one further ahead is taken in anew on the way. */

/** Seven days of ticks less a minute: what the ring holds. */
const windowSlotsMax = 7 * 24 * 60 * 60 - 60;

export interface SlotChoice {
  readonly tickMs: number;
  readonly isRolled: boolean;
}

/** Of a log file's time on disk, the part that a record may wait in it. */
const reservedPart = 2 / 3;

/**
 * The window in ticks. A record has to be there when its tick is due, so it waits in one slot for no longer than two thirds of
 * `fileReservedTime`: with Apache's defaults its window as it is; Apache loses what waits longer than files are kept.
 */
export function rollWindowSlots(windowSlots: number, fileReservedHours: number, precisionMs: number): number {
  const reservedSlots = Math.floor((fileReservedHours * 3_600_000 * reservedPart) / precisionMs);
  return Math.max(2, Math.min(windowSlots, reservedSlots));
}

export function chooseSlot(outMs: number, writeTick: number, precisionMs: number, rollWindowSlots: number): SlotChoice {
  const slots = rollWindowSlots >= 2 && rollWindowSlots <= windowSlotsMax ? rollWindowSlots : windowSlotsMax;
  const delay = outMs - writeTick;
  const windowMs = slots * precisionMs;
  if (delay < windowMs) return { tickMs: outMs, isRolled: false };
  // Just beyond the window: half of it now, so that the rest is not a short wait at the end.
  const isJustBeyond = delay - windowMs < Math.floor(slots / 3) * precisionMs;
  return { tickMs: writeTick + (isJustBeyond ? Math.floor(slots / 2) * precisionMs : windowMs), isRolled: true };
}
