/**
 * What went through the timer since the start, by the topic that it is meant for (Java: DefaultStoreMetricsManager; page 34 §3.2). As at
 * Apache a message that is rolled comes in and goes out once more, and a cancellation comes in but never goes out.
 */
import { Histogram } from '../stats/histogram.js';

/** Classes of the time from a message's birth to its tick, in seconds. */
const delayBoundsSeconds = [60, 600, 3600, 43_200, 86_400, 259_200];
/** Those of further topics are not told apart, and nobody sees them. */
const topicsMaxDefault = 10_000;

class TopicTimerTraffic {
  /** Taken into the wheel, or found due. */
  enqueued = 0;
  /** Stored in its topic, or on its way anew. */
  dequeued = 0;
  readonly delaySeconds = new Histogram(delayBoundsSeconds);
}

export interface TimerTrafficOptions {
  /** Messages of a deleted topic may wait still: what becomes of them is told of nobody. Default: of every topic. */
  readonly hasTopic?: ((topic: string) => boolean) | undefined;
  /** Default: 10,000. */
  readonly topicsMax?: number | undefined;
}

export class TimerTraffic {
  readonly #hasTopic: (topic: string) => boolean;
  readonly #topicsMax: number;
  readonly #byTopic = new Map<string, TopicTimerTraffic>();
  readonly #unlisted = new TopicTimerTraffic();

  constructor(options: TimerTrafficOptions = {}) {
    this.#hasTopic = options.hasTopic ?? (() => true);
    this.#topicsMax = options.topicsMax ?? topicsMaxDefault;
  }

  get byTopic(): ReadonlyMap<string, Readonly<TopicTimerTraffic>> {
    return this.#byTopic;
  }

  /** `delayMs`: from its birth, by the clock of its producer, to its tick. */
  enqueued(topic: string, delayMs: number): void {
    const traffic = this.#of(topic);
    traffic.enqueued += 1;
    const seconds = Math.trunc(delayMs / 1000);
    // Of a producer whose clock is ahead: no histogram takes less than nothing.
    if (seconds >= 0) traffic.delaySeconds.add(seconds);
  }

  dequeued(topic: string): void {
    this.#of(topic).dequeued += 1;
  }

  topicDeleted(topic: string): void {
    this.#byTopic.delete(topic);
  }

  #of(topic: string): TopicTimerTraffic {
    const known = this.#byTopic.get(topic);
    if (known !== undefined) return known;
    if (this.#byTopic.size >= this.#topicsMax || !this.#hasTopic(topic)) return this.#unlisted;
    const traffic = new TopicTimerTraffic();
    this.#byTopic.set(topic, traffic);
    return traffic;
  }
}
