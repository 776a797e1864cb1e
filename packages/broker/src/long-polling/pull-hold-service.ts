import type { Environment, Lifecycle, Timer } from '@orbitmq/core/kernel';
import { releaseReceivedBytes } from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';
import type { GetMessageResult, MessageStore, TagsCodePredicate } from '../store/message-store.js';
import type { RecordFilter } from '../store/record-filter.js';
import { LookBudget } from './look-budget.js';
import { ParkedFilters } from './parked-filters.js';
import type { ParkedPull } from './parked-pull.js';

export interface PullHoldServiceDeps {
  readonly environment: Environment;
  readonly store: Pick<MessageStore, 'maxOffset' | 'onArrival' | 'getMessage'>;
  /** False: pulls are looked at every second, and wait no longer than that. */
  readonly longPollingEnable: boolean;
  readonly perConnectionMax: number;
  readonly max: number;
  /** Characters of the expressions that parked pulls carry or filter with. */
  readonly filterCharsMax: number;
}

/** Runs a parked pull again; it is never parked a second time. */
export type RerunPull = (pull: ParkedPull) => void;

const scanPeriodMs = 5000;
const shortScanPeriodMs = 1000;

/** Parked pulls of one connection, oldest first; one close listener serves them all. */
class ConnectionHolds {
  readonly pulls = new Set<ParkedPull>();
  stopListening: () => void = () => {};
}

/** What came of a look at new messages, for the pulls that wait for the same. */
interface Look {
  readonly queueOffset: number;
  readonly matches: TagsCodePredicate | undefined;
  /** The first offset that was not looked at; undefined: its pulls are woken. */
  readonly lookedUntil: number | undefined;
}

/** Something passes, the offset has to move, or the filter did not get as far as the new message. */
function isWorthWaking(result: GetMessageResult, maxOffset: number): boolean {
  return result.status !== 'NO_MATCHED_MESSAGE' || result.nextBeginOffset < maxOffset;
}

/**
 * Keeps pulls that found nothing until a message comes for them, or their time is over (Java: PullRequestHoldService with
 * NotifyMessageArrivingListener; page 04 §4). Woken pulls of one turn run together when the turn is over, so that a group commit of
 * many messages answers a consumer once, with all of them.
 *
 * Invariants: a parked pull leaves exactly once: run again, or forgotten with its connection. Beyond a bound the oldest one is run
 * again, so that a connection pays for its own excess first.
 */
export class PullHoldService implements Lifecycle {
  readonly #deps: PullHoldServiceDeps;
  /** By topic and queue; none is empty. */
  readonly #queues = new Map<string, Map<number, Set<ParkedPull>>>();
  readonly #connections = new Map<ServerConnection, ConnectionHolds>();
  readonly #all = new Set<ParkedPull>();
  readonly #filters = new ParkedFilters();
  readonly #lookBudget = new LookBudget();
  #woken: ParkedPull[] = [];
  #rerun: RerunPull = () => {};
  #scanTimer: Timer | undefined;
  #isStopped = false;

  constructor(deps: PullHoldServiceDeps) {
    this.#deps = deps;
    deps.store.onArrival((topic, queueId, maxOffset, tagsCode) => this.#arrived(topic, queueId, maxOffset, tagsCode));
  }

  /** How many pulls are parked. */
  get count(): number {
    return this.#all.size;
  }

  /** Pulls are refused instead of parked while it is false. */
  get isParking(): boolean {
    return !this.#isStopped;
  }

  /** Who runs a pull again; set once, before `start()`. */
  onRerun(rerun: RerunPull): void {
    this.#rerun = rerun;
  }

  async start(): Promise<void> {
    const period = this.#deps.longPollingEnable ? scanPeriodMs : shortScanPeriodMs;
    this.#scanTimer = this.#deps.environment.timers.setInterval(() => this.#scan(), period);
  }

  /** Answers everybody who waits. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#scanTimer?.cancel();
    for (const pull of this.#all) this.#wake(pull);
    this.#runWoken();
  }

  park(pull: ParkedPull): void {
    const { topic, queueId, queueOffset } = pull.header;
    // It may wait for long: the chunk that it came in must not wait with it.
    releaseReceivedBytes(pull.request);
    this.#add(pull);
    // A message may have come while the pull read from disk.
    if (this.#deps.store.maxOffset(topic, queueId) > queueOffset) this.#wake(pull);
    const { perConnectionMax, max, filterCharsMax } = this.#deps;
    const own = this.#connections.get(pull.connection);
    if (own !== undefined && own.pulls.size > perConnectionMax) this.#wakeOldest(own.pulls);
    if (this.#all.size > max) this.#wakeOldest(this.#all);
    while (this.#filters.sizeChars > filterCharsMax) {
      const { oldest } = this.#filters;
      if (oldest === undefined) break;
      this.#wake(oldest);
    }
  }

  /** Runs the parked pulls of a group in a queue again: what they would be answered has changed. */
  wakeGroup(group: string, topic: string, queueId: number): void {
    for (const pull of this.#queues.get(topic)?.get(queueId) ?? []) {
      if (pull.header.consumerGroup === group) this.#wake(pull);
    }
  }

  #add(pull: ParkedPull): void {
    const { topic, queueId } = pull.header;
    let queues = this.#queues.get(topic);
    if (queues === undefined) {
      queues = new Map();
      this.#queues.set(topic, queues);
    }
    const pulls = queues.get(queueId);
    if (pulls === undefined) queues.set(queueId, new Set([pull]));
    else pulls.add(pull);
    this.#all.add(pull);
    this.#filters.add(pull);
    let holds = this.#connections.get(pull.connection);
    if (holds === undefined) {
      holds = new ConnectionHolds();
      this.#connections.set(pull.connection, holds);
      holds.pulls.add(pull);
      holds.stopListening = pull.connection.onClose(() => this.#forget(pull.connection));
    } else {
      holds.pulls.add(pull);
    }
  }

  #remove(pull: ParkedPull): void {
    const { topic, queueId } = pull.header;
    const queues = this.#queues.get(topic);
    const pulls = queues?.get(queueId);
    if (pulls?.delete(pull) === true && pulls.size === 0) {
      queues?.delete(queueId);
      if (queues?.size === 0) this.#queues.delete(topic);
    }
    this.#all.delete(pull);
    this.#filters.remove(pull);
    this.#connections.get(pull.connection)?.pulls.delete(pull);
  }

  #forget(connection: ServerConnection): void {
    const holds = this.#connections.get(connection);
    if (holds === undefined) return;
    for (const pull of holds.pulls) this.#remove(pull);
    this.#connections.delete(connection);
  }

  #arrived(topic: string, queueId: number, maxOffset: number, tagsCode: number): void {
    if (this.#all.size === 0) return;
    const pulls = this.#queues.get(topic)?.get(queueId);
    if (pulls === undefined) return;
    let looks: Map<RecordFilter, Look> | undefined;
    for (const pull of pulls) {
      if (maxOffset <= pull.header.queueOffset || (pull.matches !== undefined && !pull.matches(tagsCode))) continue;
      if (pull.filter === undefined) this.#wake(pull);
      else this.#look(pull, pull.filter, maxOffset, (looks ??= new Map()));
    }
  }

  /**
   * Wakes a pull whose filter lets one of the new messages through; each is looked at once, they are in memory. Pulls of a group
   * wait at the same offset with the same filter, so one look serves them all.
   */
  #look(pull: ParkedPull, filter: RecordFilter, maxOffset: number, looks: Map<RecordFilter, Look>): void {
    const { matches } = pull;
    const queueOffset = this.#filters.lookedUntil(pull);
    if (queueOffset >= maxOffset) return;
    let look = looks.get(filter);
    if (look?.queueOffset !== queueOffset || look.matches !== matches) {
      look = { queueOffset, matches, lookedUntil: this.#lookFrom(queueOffset, pull, maxOffset) };
      looks.set(filter, look);
    }
    if (look.lookedUntil === undefined) this.#wake(pull);
    else this.#filters.setLookedUntil(pull, look.lookedUntil);
  }

  /** The first offset that was not looked at; undefined when the pull has to read by itself. */
  #lookFrom(queueOffset: number, pull: ParkedPull, maxOffset: number): number | undefined {
    if (this.#lookBudget.isSpent) return undefined;
    const { matches, filter } = pull;
    const { topic, queueId } = pull.header;
    const result = this.#deps.store.getMessage({ topic, queueId, queueOffset, maxCount: 1, matches, filter });
    // A message that has to be read again is no reason to wait: the pull reads it.
    if (result instanceof Promise) {
      void result.then(
        ({ loan }) => loan?.giveBack(),
        (error: unknown) => this.#logUnread(pull, error),
      );
      this.#lookBudget.spend(0);
      return undefined;
    }
    result.loan?.giveBack();
    this.#lookBudget.spend(result.filterCost ?? 0);
    return isWorthWaking(result, maxOffset) ? undefined : result.nextBeginOffset;
  }

  #logUnread(pull: ParkedPull, error: unknown): void {
    const { topic, queueId } = pull.header;
    this.#deps.environment.logger.warn('a new message could not be read for a filter', { topic, queueId, error });
  }

  #wake(pull: ParkedPull): void {
    this.#remove(pull);
    this.#woken.push(pull);
    if (this.#woken.length === 1) queueMicrotask(() => this.#runWoken());
  }

  #wakeOldest(pulls: ReadonlySet<ParkedPull>): void {
    for (const oldest of pulls) {
      this.#wake(oldest);
      return;
    }
  }

  #runWoken(): void {
    const woken = this.#woken;
    this.#woken = [];
    for (const pull of woken) {
      if (pull.connection.isOpen) this.#rerun(pull);
    }
  }

  /** Without knowing tags: whoever has anything new, matching or not, is run again, and then gets the advanced offset. */
  #scan(): void {
    const now = this.#deps.environment.clock.monotonic();
    for (const [topic, queues] of this.#queues) {
      for (const [queueId, pulls] of queues) {
        const maxOffset = this.#deps.store.maxOffset(topic, queueId);
        for (const pull of pulls) {
          if (maxOffset > pull.header.queueOffset || now >= pull.deadlineMs) this.#wake(pull);
        }
      }
    }
    for (const [connection, holds] of this.#connections) {
      if (holds.pulls.size > 0) continue;
      holds.stopListening();
      this.#connections.delete(connection);
    }
  }
}
