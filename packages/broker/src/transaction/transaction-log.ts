import type { Clock, Logger } from '@orbitmq/core/kernel';
import {
  decodeRecords,
  findProperty,
  PropertyName,
  SysFlag,
  SystemTopic,
  transactionGroup,
  transactionType,
} from '@orbitmq/protocol';
import type { ConsumerOffsetManager } from '../offset/consumer-offset-manager.js';
import { SettledValue } from '../schedule/settled-value.js';
import type { MessageStore, MessageToStore, PutStatus, QueueEntry } from '../store/message-store.js';
import { isStored, StartedPut } from '../store/started-put.js';
import { type HalfMessage, halfQueueId, readHalf, renewedHalf, resumedHalf, transactionKey } from './half-message.js';
import { HandledOffsets } from './handled-offsets.js';
import { opMessage, readOpBody, replacedFlag } from './op-message.js';
import { OpProgress } from './op-progress.js';

export interface TransactionLogDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: MessageStore;
  readonly offsets: ConsumerOffsetManager;
  /** How old a decision must be to be on disk for sure, ms. */
  readonly settleMs: number;
  readonly halfWindowMax: number;
  readonly checkedHalfMax: number;
  /** In the turn in which a half is decided. `isCommitted`: its message is in the log; else nobody will ever get it. */
  readonly onDecided?: ((half: HalfMessage, isCommitted: boolean) => void) | undefined;
  /** At the recovery, for every undecided half: the topic that it is meant for. */
  readonly onFoundOpen?: ((topic: string) => void) | undefined;
}

/** How far all halves are decided, and the end of the op messages that say so. */
interface ProgressMark {
  readonly progress: number;
  readonly opEnd: number;
}

export type DecisionOutcome = 'decided' | 'already-decided' | PutStatus;

const recoveryPage = 1024;
const { TRANS_HALF, TRANS_OP_HALF } = SystemTopic;

/**
 * Which half messages are decided (Java: TransactionalMessageServiceImpl with its op queue). A half may be in the half queue
 * several times, since a check writes it again; its copies share one origin. The first decision about any copy wins, and every
 * later one is refused, also after a restart: Java stores a message twice that is committed twice.
 *
 * Invariants: an op message comes right behind the message that it is about, in the same turn, so it is durable only when that
 * message is; every copy but the latest has an op message; progress passes no undecided half.
 */
export class TransactionLog {
  readonly #deps: TransactionLogDeps;
  #handled = new HandledOffsets(0);
  #opProgress = new OpProgress(0);
  /** Latest copy by origin, of undecided halves that were written again. */
  readonly #renewed = new Map<number, number>();
  /** Keys of transactions that were parked, are halves again, and are not decided. */
  readonly #resumed = new Set<string>();

  #settled: SettledValue<ProgressMark>;
  /** End of the op queue with what is not durable yet. */
  #opEnd = 0;

  constructor(deps: TransactionLogDeps) {
    this.#deps = deps;
    this.#settled = new SettledValue({ progress: 0, opEnd: 0 }, deps.settleMs);
  }

  /** Below it no half is undecided. */
  get progress(): number {
    return this.#handled.base;
  }

  /** End of the half queue. */
  get end(): number {
    return this.#deps.store.maxOffset(TRANS_HALF, halfQueueId);
  }

  /** False when too many halves are undecided: memory for them is bounded. */
  get canTakeHalf(): boolean {
    const { halfWindowMax, checkedHalfMax } = this.#deps;
    return this.end - this.progress < halfWindowMax && this.#renewed.size + this.#resumed.size < checkedHalfMax;
  }

  isDecided(half: Pick<HalfMessage, 'origin'>): boolean {
    return !this.#renewed.has(half.origin) && this.#handled.has(half.origin);
  }

  /** A copy that a later one replaced. */
  isReplaced(half: HalfMessage): boolean {
    const latest = this.#renewed.get(half.origin);
    return latest !== undefined && latest !== half.message.queueOffset;
  }

  /** Lowest undecided offset at or after `from`; at or beyond `end` when there is none. */
  nextOpen(from: number): number {
    return this.#handled.nextOpen(from);
  }

  /** Nothing can be read at this offset any more, so nothing can be decided. */
  forget(halfOffset: number): void {
    this.#handled.add(halfOffset);
  }

  /** A copy of a decided half, or a replaced one, that has no op message of its own yet. */
  close(half: HalfMessage): void {
    void this.#putOp(half, half.message.queueOffset, !this.isDecided(half));
  }

  /** Stores `outcome` (the committed or the parked message; none for a rollback) and the decision. Without an `await` before it is taken. */
  async decide(half: HalfMessage, outcome: MessageToStore | undefined): Promise<DecisionOutcome> {
    if (this.isDecided(half)) return 'already-decided';
    const put = outcome === undefined ? undefined : StartedPut.kept(this.#deps.store, outcome);
    if (put !== undefined && !put.isAppended) return put.done;
    this.#deps.onDecided?.(half, outcome !== undefined && outcome.topic !== SystemTopic.TRANS_CHECK_MAX_TIME);
    const latest = this.#renewed.get(half.origin) ?? half.message.queueOffset;
    this.#renewed.delete(half.origin);
    const statuses = [this.#putOp(half, latest, false)];
    if (put !== undefined) statuses.push(put.done);
    if (!this.#handled.has(half.message.queueOffset)) statuses.push(this.#putOp(half, half.message.queueOffset, false));
    const failed = (await Promise.all(statuses)).find((status) => !isStored(status));
    // Not before: what is committed can be found by its key now.
    if (half.isResumed) this.#resumed.delete(transactionKey(half) ?? '');
    return failed ?? 'decided';
  }

  /** Writes a half again at the tail; its older copy counts as handled. The caller looks at `isDecided` in the same turn. */
  renew(half: HalfMessage, copy: MessageToStore): StartedPut {
    const put = StartedPut.kept(this.#deps.store, copy);
    if (put.isAppended) {
      this.#renewed.set(half.origin, put.queueOffset);
      void this.#putOp(half, half.message.queueOffset, true);
    }
    return put;
  }

  /** Writes an undecided half again with no checks behind it. Undefined when it is decided. */
  async restartChecks(half: HalfMessage): Promise<StartedPut | undefined> {
    let copy: HalfMessage | undefined = half;
    // Only the latest copy is replaced, and a round of checks may have written one meanwhile.
    while (copy !== undefined && this.isReplaced(copy)) copy = await this.read(this.#renewed.get(half.origin) ?? half.origin);
    if (copy === undefined || this.isDecided(copy)) return undefined;
    return this.renew(copy, renewedHalf(copy, 0));
  }

  /** Whether a parked one is a half again, and not decided. */
  isResumed(parked: HalfMessage): boolean {
    return this.#resumed.has(transactionKey(parked) ?? '');
  }

  /** Makes a new half of a parked one. Undefined when it is one already: one parked message is one transaction. */
  resume(parked: HalfMessage): StartedPut | undefined {
    if (this.isResumed(parked)) return undefined;
    const key = transactionKey(parked);
    const put = StartedPut.kept(this.#deps.store, resumedHalf(parked));
    if (put.isAppended && key !== undefined) this.#resumed.add(key);
    return put;
  }

  #putOp(half: HalfMessage, halfOffset: number, isReplaced: boolean): Promise<PutStatus> {
    const op = StartedPut.kept(this.#deps.store, opMessage(half, halfOffset, isReplaced, this.#deps.clock.now()));
    if (op.isAppended) {
      this.#handled.add(halfOffset);
      this.#opProgress.add(op.queueOffset, halfOffset);
      this.#opEnd = op.queueOffset + 1;
    }
    return op.done;
  }

  /**
   * Takes the progress over to the consumer offsets of CID_RMQ_SYS_TRANS, which are persisted with the others: what is on disk for
   * sure, or at the stop, when the store is flushed next, all of it. While a flush hangs, however long, nothing is taken over:
   * its end, not the time, says that the decisions are on disk.
   */
  commitProgress(isStopping = false): void {
    const { offsets, store, clock } = this.#deps;
    const now: ProgressMark = { progress: this.progress, opEnd: this.#opEnd };
    const settled = this.#settled.note(now, clock.monotonic());
    const visibleOpEnd = store.maxOffset(TRANS_OP_HALF, halfQueueId);
    const { progress, opEnd } = isStopping && now.opEnd <= visibleOpEnd ? now : settled;
    if (opEnd > visibleOpEnd) return;
    offsets.commit(transactionGroup, TRANS_HALF, halfQueueId, progress);
    const opOffset = this.#opProgress.advance(progress, visibleOpEnd);
    offsets.commit(transactionGroup, TRANS_OP_HALF, halfQueueId, opOffset);
  }

  /** Reads the op queue from its progress on, then the halves that are left: how many depends on what is undecided, not on the log. */
  async recover(): Promise<void> {
    const halfStart = this.#startOf(TRANS_HALF);
    const opStart = this.#startOf(TRANS_OP_HALF);
    const decided = new HandledOffsets(halfStart);
    this.#handled = new HandledOffsets(halfStart);
    this.#opProgress = new OpProgress(opStart);
    this.#opEnd = opStart;
    this.#settled = new SettledValue({ progress: halfStart, opEnd: opStart }, this.#deps.settleMs);
    this.#renewed.clear();
    this.#resumed.clear();
    await this.#readOps(opStart, decided);
    await this.#readOpenHalves((origin) => origin >= halfStart && decided.has(origin));
  }

  #startOf(topic: string): number {
    const { logger, store, offsets } = this.#deps;
    const committed = offsets.query(transactionGroup, topic, halfQueueId);
    const min = store.minOffset(topic, halfQueueId);
    if (topic === TRANS_HALF && committed >= 0 && committed < min) {
      logger.error('half messages expired with their log file, maybe undecided: undecided ones count as rolled back', {
        count: min - committed,
      });
    }
    return Math.min(Math.max(committed, min), store.maxOffset(topic, halfQueueId));
  }

  async #readOps(from: number, decided: HandledOffsets): Promise<void> {
    const { store } = this.#deps;
    const request = { topic: TRANS_OP_HALF, queueId: halfQueueId, maxCount: recoveryPage, matches: undefined };
    let offset = from;
    while (offset < store.maxOffset(TRANS_OP_HALF, halfQueueId)) {
      const result = await store.getMessage({ ...request, queueOffset: offset });
      for (const op of result.slices.flatMap((slice) => decodeRecords(slice))) {
        for (const halfOffset of readOpBody(op.body)) {
          this.#handled.add(halfOffset);
          this.#opProgress.add(op.queueOffset, halfOffset);
          if (op.flag !== replacedFlag) decided.add(halfOffset);
        }
      }
      result.loan?.giveBack();
      if (result.nextBeginOffset <= offset) break;
      offset = result.nextBeginOffset;
    }
  }

  async #readOpenHalves(isOriginDecided: (origin: number) => boolean): Promise<void> {
    let lastCommit: HalfMessage | undefined;
    // What is closed below moves it.
    const logEnd = this.#deps.store.maxPhysicalOffset;
    // Of a million halves only places are kept: their messages may be larger than the memory.
    const newestCopies = new Map<string, number>();
    const openCounts = new Map<string, number>();
    const count = ({ destination: { topic } }: HalfMessage, change: number): void => {
      openCounts.set(topic, (openCounts.get(topic) ?? 0) + change);
    };
    for (let offset = this.nextOpen(this.progress); offset < this.end; offset = this.nextOpen(offset + 1)) {
      const half = await this.read(offset);
      if (half === undefined) this.forget(offset);
      else if (!isOriginDecided(half.origin)) {
        if (half.origin !== offset) this.#renewed.set(half.origin, offset);
        const key = half.isResumed ? transactionKey(half) : undefined;
        if (key !== undefined) this.#resumed.add(key);
        lastCommit ??= await this.#lastCommitAt(half, logEnd);
        count(half, 1);
        const closed = await this.#closeOlderCopy(half, newestCopies);
        if (closed !== undefined) count(closed, -1);
      }
    }
    if (lastCommit !== undefined) count(lastCommit, -this.#closeTornCommit(lastCommit));
    for (const [topic, openCount] of openCounts) {
      for (let told = 0; told < openCount; told += 1) this.#deps.onFoundOpen?.(topic);
    }
  }

  /**
   * Apache's broker writes no op message for a half that a check has written again, only the progress behind it, which a kill
   * takes back: the older copy is then told by the key of its transaction and a lower count of checks. Were it asked about as
   * well, a transaction would be committed once per copy. Nor does it for one that an operator had checked again (323): that copy
   * begins to count anew. Resolves with the copy that was closed.
   */
  async #closeOlderCopy(half: HalfMessage, newestCopies: Map<string, number>): Promise<HalfMessage | undefined> {
    const key = transactionKey(half);
    if (key === undefined) return undefined;
    const olderOffset = newestCopies.get(key);
    newestCopies.set(key, half.message.queueOffset);
    const older = olderOffset === undefined ? undefined : await this.read(olderOffset);
    if (older === undefined || older.origin === half.origin) return undefined;
    if (older.checkTimes >= half.checkTimes && !half.isReset) return undefined;
    void this.#putOp(older, older.message.queueOffset, true);
    return this.#handled.has(older.message.queueOffset) ? older : undefined;
  }

  /** The half at an offset of the half queue; undefined when it is gone or is none. */
  async read(halfOffset: number): Promise<HalfMessage | undefined> {
    return this.#halfOf(await this.#entryOf(halfOffset));
  }

  /** The halves at these offsets, as many from the first on as have `bytesMax` together, but at least that one. */
  async readPage(halfOffsets: readonly number[], bytesMax: number): Promise<readonly (HalfMessage | undefined)[]> {
    const entries = await Promise.all(halfOffsets.map((offset) => this.#entryOf(offset)));
    let sizeBytes = 0;
    const tooMany = entries.findIndex((entry, index) => {
      sizeBytes += entry?.sizeBytes ?? 0;
      return index > 0 && sizeBytes > bytesMax;
    });
    return Promise.all(entries.slice(0, tooMany < 0 ? undefined : tooMany).map((entry) => this.#halfOf(entry)));
  }

  async #entryOf(halfOffset: number): Promise<QueueEntry | undefined> {
    const [entry] = await this.#deps.store.queueEntries(TRANS_HALF, halfQueueId, halfOffset, 1);
    return entry?.queueOffset === halfOffset ? entry : undefined;
  }

  async #halfOf(entry: QueueEntry | undefined): Promise<HalfMessage | undefined> {
    const message = entry === undefined ? undefined : await this.#deps.store.lookMessage(entry.physicalOffset);
    return message === undefined ? undefined : readHalf(message);
  }

  /** What the last record of the whole log commits, when that record is in the queue that `half` is meant for. */
  async #lastCommitAt(half: HalfMessage, logEnd: number): Promise<HalfMessage | undefined> {
    const { store } = this.#deps;
    const { topic, queueId } = half.destination;
    const last = store.maxOffset(topic, queueId) - 1;
    if (last < 0) return undefined;
    const [entry] = await store.queueEntries(topic, queueId, last, 1);
    if (entry === undefined || entry.physicalOffset + entry.sizeBytes !== logEnd) return undefined;
    const message = await store.lookMessage(entry.physicalOffset);
    if (message === undefined || transactionType(message.sysFlag) !== SysFlag.TRANSACTION_COMMIT) return undefined;
    const prepared = await store.lookMessage(message.preparedTransactionOffset);
    const committed = prepared === undefined ? undefined : readHalf(prepared);
    const uniqueKey = findProperty(message.propertiesBytes, PropertyName.UNIQ_KEY);
    return committed?.properties[PropertyName.UNIQ_KEY] === uniqueKey ? committed : undefined;
  }

  /** A crash between a committed message and its op message leaves the former as the last record: the decision was taken. Returns how many copies were open until now. */
  #closeTornCommit(half: HalfMessage): number {
    if (this.isDecided(half)) return 0;
    this.#deps.logger.info('a commit without its op message was found at the end of the log', {
      halfOffset: half.message.queueOffset,
    });
    const latest = this.#renewed.get(half.origin) ?? half.message.queueOffset;
    this.#renewed.delete(half.origin);
    const open = [...new Set([latest, half.message.queueOffset])].filter((offset) => !this.#handled.has(offset));
    void this.#putOp(half, latest, false);
    if (!this.#handled.has(half.message.queueOffset)) void this.#putOp(half, half.message.queueOffset, false);
    return open.filter((offset) => this.#handled.has(offset)).length;
  }
}
