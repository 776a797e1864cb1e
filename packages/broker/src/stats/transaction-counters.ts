/** How transactions end, by the topic that they are meant for (page 34 §3.2: commit_messages_total and its like). */
import { Histogram } from './histogram.js';

/** Classes of the time from a half message's birth to its commit, in seconds. */
const finishBoundsSeconds = [5, 60, 600, 3600, 43_200, 86_400];
const topicsMaxDefault = 10_000;

class TopicTransactions {
  /** Halves that nobody has decided. */
  open = 0;
  committed = 0;
  rolledBack = 0;
  readonly finishSeconds = new Histogram(finishBoundsSeconds);
}

export class TransactionCounters {
  readonly #topicsMax: number;
  readonly #byTopic = new Map<string, TopicTransactions>();
  /** Of the topics beyond the limit, which nobody sees. */
  readonly #unlisted = new TopicTransactions();

  constructor(topicsMax = topicsMaxDefault) {
    this.#topicsMax = topicsMax;
  }

  get byTopic(): ReadonlyMap<string, TopicTransactions> {
    return this.#byTopic;
  }

  /** A half message is stored, or was found undecided at the start. */
  opened(topic: string): void {
    this.#of(topic).open += 1;
  }

  /** It is decided, by whomever: nobody waits for it any more. */
  closed(topic: string): void {
    const counters = this.#of(topic);
    counters.open = Math.max(0, counters.open - 1);
  }

  committed(topic: string, elapsedMs: number): void {
    const counters = this.#of(topic);
    counters.committed += 1;
    counters.finishSeconds.add(Math.max(0, Math.floor(elapsedMs / 1000)));
  }

  rolledBack(topic: string): void {
    this.#of(topic).rolledBack += 1;
  }

  topicDeleted(topic: string): void {
    this.#byTopic.delete(topic);
  }

  #of(topic: string): TopicTransactions {
    const known = this.#byTopic.get(topic);
    if (known !== undefined) return known;
    if (this.#byTopic.size >= this.#topicsMax) return this.#unlisted;
    const counters = new TopicTransactions();
    this.#byTopic.set(topic, counters);
    return counters;
  }
}
