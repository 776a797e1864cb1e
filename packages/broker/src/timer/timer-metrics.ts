/**
 * How many messages of each topic wait (Java: TimerMetrics; page 20 §10): `config/timermetrics` and the answer to GET_TIMER_METRICS.
 * Figures for people: a crash may leave them off by what was counted since the last write, until the wheel is empty once.
 */
import type { Clock } from '@orbitmq/core/kernel';
import { type DataVersion, type JsonValue, parseFastjson } from '@orbitmq/protocol';
import { initialDataVersion, nextDataVersion } from '../metadata/data-version.js';
import { dataVersionField, integerField, jsonObject, objectField } from '../metadata/json-fields.js';

/** Further ones are not counted; a broker has fewer topics. */
const timedTopicsMax = 65_536;

interface TimedCount {
  count: number;
  /** Of its last change, ms. */
  timeStamp: number;
}

export class TimerMetrics {
  readonly #clock: Clock;
  readonly #counts = new Map<string, TimedCount>();
  #dataVersion: DataVersion;
  #isChanged = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#dataVersion = initialDataVersion(clock);
  }

  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** Messages that wait, by topic; topics of which none waits any more are among them. */
  get counts(): ReadonlyMap<string, { readonly count: number }> {
    return this.#counts;
  }

  countOf(topic: string): number {
    return this.#counts.get(topic)?.count ?? 0;
  }

  add(topic: string, change: number): void {
    if (change === 0) return;
    const known = this.#counts.get(topic);
    const timeStamp = this.#clock.now();
    if (known !== undefined) {
      known.count += change;
      known.timeStamp = timeStamp;
    } else if (this.#counts.size < timedTopicsMax) this.#counts.set(topic, { count: change, timeStamp });
    else return;
    this.#dataVersion = nextDataVersion(this.#dataVersion, this.#clock);
    this.#isChanged = true;
  }

  /** Nothing waits: whatever the counts say is left over from a crash. */
  clear(): void {
    for (const [topic, { count }] of this.#counts) this.add(topic, -count);
  }

  /** Apache's JSON. Taken to be written: what changes from now on is a new change. */
  encode(): string {
    this.#isChanged = false;
    return this.describe();
  }

  describe(): string {
    return JSON.stringify({ dataVersion: this.#dataVersion, timingCount: Object.fromEntries(this.#counts) });
  }

  /** It was not written after all. */
  markChanged(): void {
    this.#isChanged = true;
  }

  /** Takes over a file. False, and nothing taken, when it makes no sense. */
  load(content: Buffer): boolean {
    try {
      const root = jsonObject(parseFastjson(content.toString()) as JsonValue, 'timermetrics');
      const counts = Object.entries(objectField(root, 'timingCount')).map(([topic, value]): [string, TimedCount] => {
        const fields = jsonObject(value, topic);
        return [topic, { count: integerField(fields, 'count', 0), timeStamp: integerField(fields, 'timeStamp', 0) }];
      });
      this.#dataVersion = dataVersionField(root) ?? this.#dataVersion;
      for (const [topic, count] of counts.slice(0, timedTopicsMax)) this.#counts.set(topic, count);
      return true;
    } catch {
      return false;
    }
  }
}
