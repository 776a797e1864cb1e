import type { Environment } from '@orbitmq/core/kernel';
import { SystemTopic } from '@orbitmq/protocol';
import { DurablePut } from '../durable-put.js';
import type { MessageStore, PutStatus, QueueEntry } from '../store/message-store.js';
import type { OnDelivered } from './count-delivery.js';
import { deliveredMessage } from './delivered-message.js';
import { DueTimeRule } from './due-time-rule.js';
import { WakeLoop } from './wake-loop.js';

export interface DelayLevelQueueDeps {
  readonly environment: Environment;
  readonly store: MessageStore;
  readonly level: number;
  /** No message waits longer: what says so has a damaged entry. */
  readonly delayMsMax: number;
  /** Messages stored again at a time, and their bytes; a single larger one is taken alone. */
  readonly batchMax: number;
  readonly batchBytesMax: number;
  /** Where delivery goes on, as persisted. */
  readonly startOffset: number;
  readonly onDelivered?: OnDelivered | undefined;
}

/** A wall clock that is set forward is noticed after this long at the latest. */
const lookAgainMs = 1000;
/** After a put that failed (Java: DELAY_FOR_A_WHILE). */
const retryMs = 100;
/** After a read that failed (Java: DELAY_FOR_A_PERIOD). */
const readRetryMs = 10_000;

/**
 * One delay level (Java: ScheduleMessageService.DeliverDelayedMessageTimerTask; page 25 §1.2). It sleeps until the head of its queue is
 * due instead of polling, and delivers what is due in batches.
 *
 * Invariants: nothing is delivered before its time; messages of a level are delivered in order; the offset passes a message only when
 * its delivered copy is durable, so a crash repeats but never loses; a message that was delivered behind one that failed is not repeated.
 */
export class DelayLevelQueue {
  readonly #deps: DelayLevelQueueDeps;
  readonly #rule: DueTimeRule;
  readonly #queueId: number;
  #offset: number;
  /** Delivered offsets above `#offset`; at most one batch. */
  readonly #delivered = new Set<number>();
  readonly #loop: WakeLoop;

  constructor(deps: DelayLevelQueueDeps) {
    this.#deps = deps;
    this.#rule = new DueTimeRule(deps.environment.clock);
    this.#queueId = deps.level - 1;
    this.#offset = Math.min(deps.startOffset, deps.store.maxOffset(SystemTopic.SCHEDULE, this.#queueId));
    this.#passExpired();
    const { environment, level } = deps;
    this.#loop = new WakeLoop({
      environment,
      step: () => this.#deliverNext(),
      onError: (error) => {
        environment.logger.error('delayed messages cannot be read; tried again', { level, error });
        this.#loop.sleep(readRetryMs);
      },
    });
  }

  /** Everything below is delivered. */
  get offset(): number {
    return this.#offset;
  }

  /** A message came, or may have come. Nothing to do while an older one is waited for. */
  wake(): void {
    this.#loop.wake();
  }

  /** Ends after the batch that is under way. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Delivers what is due; false when there is nothing more to do now. */
  async #deliverNext(): Promise<boolean> {
    const { environment, store, batchMax, batchBytesMax } = this.#deps;
    this.#passExpired();
    const entries = await store.queueEntries(SystemTopic.SCHEDULE, this.#queueId, this.#offset, batchMax);
    const due: QueueEntry[] = [];
    let sizeBytes = 0;
    for (const entry of entries) {
      const delayMs = entry.tagsCode <= environment.clock.now() ? 0 : await this.#delayOf(entry);
      const waitMs = this.#rule.waitMs(entry.tagsCode, delayMs);
      sizeBytes += entry.sizeBytes;
      if (waitMs === 0 && (due.length === 0 || sizeBytes <= batchBytesMax)) {
        due.push(entry);
        continue;
      }
      if (due.length === 0) this.#sleepUntilDue(entry, delayMs);
      break;
    }
    if (due.length === 0) return false;
    if (await this.#deliver(due)) return true;
    this.#loop.sleep(retryMs);
    return false;
  }

  /** Retention takes delayed messages like others, as Java's does: the longest delay must be shorter than fileReservedTime. */
  #passExpired(): void {
    const { environment, level, store } = this.#deps;
    const min = store.minOffset(SystemTopic.SCHEDULE, this.#queueId);
    if (min <= this.#offset) return;
    environment.logger.error('delayed messages expired with their log file before they were delivered, and are lost', {
      level,
      count: min - this.#offset,
    });
    this.#offset = min;
  }

  /**
   * The delay that an entry was stored with. The table may have another one for its level by now, or none. Only what is not due by the
   * wall clock is read for it.
   */
  async #delayOf(entry: QueueEntry): Promise<number> {
    const { store, delayMsMax } = this.#deps;
    const storedAt = await store.storeTime(SystemTopic.SCHEDULE, this.#queueId, entry.queueOffset);
    // Gone with its log file: there is nothing to wait for.
    return storedAt < 0 ? 0 : Math.max(0, Math.min(entry.tagsCode - storedAt, delayMsMax));
  }

  #sleepUntilDue(head: QueueEntry, delayMs: number): void {
    const waitMs = this.#rule.waitMs(head.tagsCode, delayMs);
    this.#loop.sleep(Math.min(waitMs, lookAgainMs), () => {
      if (this.#rule.waitMs(head.tagsCode, delayMs) > 0) this.#sleepUntilDue(head, delayMs);
      else this.wake();
    });
  }

  /** Returns whether all were delivered. */
  async #deliver(due: readonly QueueEntry[]): Promise<boolean> {
    const deliveries = await this.#putAll(due);
    let failure: PutStatus | undefined;
    for (const [index, entry] of due.entries()) {
      const delivery = deliveries[index];
      const status = await delivery?.durable();
      if (status === undefined || status === 'PUT_OK') this.#delivered.add(entry.queueOffset);
      else failure ??= status;
      if (status === 'PUT_OK' && delivery !== undefined) this.#deps.onDelivered?.(delivery.message);
    }
    for (const entry of due) {
      if (!this.#delivered.delete(entry.queueOffset)) break;
      this.#offset = entry.queueOffset + 1;
    }
    if (failure === undefined) return true;
    this.#deps.environment.logger.error('a delayed message could not be delivered; tried again', {
      level: this.#deps.level,
      queueOffset: this.#offset,
      status: failure,
    });
    return false;
  }

  /** Reads all, then stores all in one turn, in order. `undefined` for what needs no delivery. */
  async #putAll(due: readonly QueueEntry[]): Promise<(DurablePut | undefined)[]> {
    const { store, environment, level } = this.#deps;
    const isGivenUp = (): boolean => this.#loop.isStopped;
    // The delayed message was acknowledged only when its topic was on disk.
    const deps = { store, timers: environment.timers, isGivenUp, isTopicKept: true };
    const delayed = await Promise.all(due.map((entry) => store.lookMessage(entry.physicalOffset)));
    return delayed.map((message, index) => {
      const queueOffset = due[index]?.queueOffset ?? -1;
      if (this.#delivered.has(queueOffset)) return undefined;
      const toStore = message === undefined ? undefined : deliveredMessage(message);
      if (toStore !== undefined) return new DurablePut(deps, toStore);
      environment.logger.warn('a delayed message has no destination or is gone, and is left out', { level, queueOffset });
      return undefined;
    });
  }
}
