/**
 * Totals as they were at the last two midnights, local time (Java: BrokerStats.record). As at Apache they count from the start of
 * the process: both edges are 0 until the first midnight.
 */
export interface DayTotals {
  readonly put: number;
  readonly got: number;
}

export class DayEdges {
  yesterdayMorning: DayTotals = { put: 0, got: 0 };
  todayMorning: DayTotals = { put: 0, got: 0 };

  /** It is midnight. */
  record(now: DayTotals): void {
    this.yesterdayMorning = this.todayMorning;
    this.todayMorning = now;
  }
}

/** Milliseconds from `now` to the next midnight, local time; a day of 23 or 25 hours is as long as it is. */
export function msUntilMorning(now: number): number {
  const morning = new Date(now);
  morning.setHours(24, 0, 0, 0);
  return morning.getTime() - now;
}
