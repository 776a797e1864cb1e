import { SnapshotRing } from './snapshot-ring.js';

const minuteMs = 60_000;

/** How often a ring is sampled, and how much it holds: 7 snapshots span 6 periods. */
export const samplePeriodsMs = { minute: 10_000, hour: 10 * minuteMs, day: 60 * minuteMs } as const;
const minuteSnapshots = 7;
const hourSnapshots = 7;
const daySnapshots = 25;

/** One counter and its history (Java: StatsItem). Adding costs two additions; somebody samples it. */
export class StatsItem {
  value = 0;
  /** How often something was added: a latency's `value` by its `times` is the mean. */
  times = 0;
  readonly minute = new SnapshotRing(samplePeriodsMs.minute, minuteSnapshots);
  readonly hour = new SnapshotRing(samplePeriodsMs.hour, hourSnapshots);
  readonly day = new SnapshotRing(samplePeriodsMs.day, daySnapshots);

  add(value: number, times: number): void {
    this.value += value;
    this.times += times;
  }
}
