/**
 * How a consumer gets on, topic by topic, as operators ask for it (Java: ConsumerStatsManager; request 307). Counters are plain
 * fields that pulls and calls add to; a sample of them is kept every 10 s, with a pull, so that rates are those of the last minute.
 * Nothing runs by itself: without pulls there is nothing to sample.
 */
import type { ConsumeStatus } from '@orbitmq/protocol';

const samplePeriodMs = 10_000;
/** Java: seven samples of 10 s, and seven of 10 minutes. */
const minuteMs = 70_000;
const hourMs = 70 * 60_000;
const samplesPerLongSample = 60;
const samplesMax = 7;

/** What happened to one topic's messages; all of it only grows. */
export class TopicConsumption {
  /** Pulls that brought messages, and how long they took. */
  pulls = 0;
  pullMs = 0;
  pulledMessages = 0;
  /** Calls of the handler that ended, and how long they took. */
  calls = 0;
  callMs = 0;
  consumed = 0;
  failed = 0;

  copy(): TopicConsumption {
    return Object.assign(new TopicConsumption(), this);
  }
}

type Counts = Readonly<Omit<TopicConsumption, 'copy'>>;

interface Sample {
  readonly atMs: number;
  readonly topics: ReadonlyMap<string, Counts>;
}

const nothing: Counts = {
  pulls: 0,
  pullMs: 0,
  pulledMessages: 0,
  calls: 0,
  callMs: 0,
  consumed: 0,
  failed: 0,
};

export class ConsumptionStats {
  readonly #topics = new Map<string, TopicConsumption>();
  readonly #minute: Sample[];
  readonly #hour: Sample[];

  /** `startedAtMs`: monotonic, as all times here. */
  constructor(startedAtMs: number) {
    const first = { atMs: startedAtMs, topics: new Map() };
    this.#minute = [first];
    this.#hour = [first];
  }

  /** Of a topic that is subscribed to. */
  of(topic: string): TopicConsumption {
    let counters = this.#topics.get(topic);
    if (counters === undefined) {
      counters = new TopicConsumption();
      this.#topics.set(topic, counters);
    }
    return counters;
  }

  /** Before what is to be counted at `nowMs` is. */
  sampleWhenDue(nowMs: number): void {
    const last = this.#minute.at(-1);
    if (last !== undefined && nowMs - last.atMs < samplePeriodMs) return;
    const topics = new Map(Array.from(this.#topics, ([topic, counters]) => [topic, counters.copy()] as const));
    const sample = { atMs: nowMs, topics };
    keep(this.#minute, sample);
    const lastLong = this.#hour.at(-1);
    const isLongDue = lastLong === undefined || nowMs - lastLong.atMs >= samplePeriodMs * samplesPerLongSample;
    if (isLongDue) keep(this.#hour, sample);
  }

  status(topic: string, nowMs: number): ConsumeStatus {
    const minute = this.#growth(this.#minute, topic, nowMs, minuteMs);
    const hour = this.#growth(this.#hour, topic, nowMs, hourMs);
    const perSecond = (count: number): number => (minute.elapsedMs <= 0 ? 0 : (count * 1000) / minute.elapsedMs);
    const calls = minute.calls > 0 ? minute : hour;
    return {
      pullRT: average(minute.pullMs, minute.pulls),
      pullTPS: perSecond(minute.pulledMessages),
      consumeRT: average(calls.callMs, calls.calls),
      consumeOKTPS: perSecond(minute.consumed),
      consumeFailedTPS: perSecond(minute.failed),
      consumeFailedMsgs: hour.failed,
    };
  }

  /** What was added since the oldest sample that is not older than the window. */
  #growth(samples: readonly Sample[], topic: string, nowMs: number, windowMs: number): Counts & { readonly elapsedMs: number } {
    const oldest = samples.find(({ atMs }) => nowMs - atMs <= windowMs);
    const now = this.#topics.get(topic);
    if (oldest === undefined || now === undefined) return { ...nothing, elapsedMs: 0 };
    const before = oldest.topics.get(topic) ?? nothing;
    return {
      pulls: now.pulls - before.pulls,
      pullMs: now.pullMs - before.pullMs,
      pulledMessages: now.pulledMessages - before.pulledMessages,
      calls: now.calls - before.calls,
      callMs: now.callMs - before.callMs,
      consumed: now.consumed - before.consumed,
      failed: now.failed - before.failed,
      elapsedMs: nowMs - oldest.atMs,
    };
  }
}

function keep(samples: Sample[], sample: Sample): void {
  samples.push(sample);
  if (samples.length > samplesMax) samples.shift();
}

function average(sum: number, count: number): number {
  return count === 0 ? 0 : sum / count;
}
