import {
  type BrokerConfig,
  createMessageStore,
  type GetMessageResult,
  type MessageToStore,
  type PutStatus,
  type StoreLimits,
} from '@orbitmq/broker';
import { isMqError, type Logger, silentLogger } from '@orbitmq/core/kernel';
import { decodeRecords, type MessageExt } from '@orbitmq/protocol';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import type { SimulatedDisk } from '../simulation/simulated-disk.js';
import { messageOf } from '../store/store-fixture.js';
import { type LogEntry, type ReferenceModel } from './reference-model.js';
import { Violation } from './violation.js';

/** Without topic, body and properties; all hosts are IPv4. */
const recordFixedBytes = 91;

export const topics = ['Orders', '%RETRY%billing', 'SCHEDULE_TOPIC_XXXX', 'RMQ_SYS_TRANS_HALF_TOPIC'] as const;

export interface StoreLifeOptions {
  readonly environment: VirtualEnvironment;
  readonly disk: SimulatedDisk;
  readonly model: ReferenceModel;
  readonly config: BrokerConfig;
  readonly limits: Partial<StoreLimits>;
  /** When this life began, as the model counts time, ms. */
  readonly startedAtMs?: number;
}

/** What became of one put. */
export interface Put {
  readonly entries: readonly LogEntry[];
  readonly status: PutStatus | undefined;
}

export interface NewMessage {
  readonly topic: string;
  readonly queueId: number;
  /** Unlike any other of the run. */
  readonly name: string;
  readonly bodyBytes: number;
  readonly propertiesBytes?: number;
  readonly changes?: Partial<MessageToStore>;
}

export function environmentAt(seed: number, startMs?: number, logger: Logger = silentLogger): VirtualEnvironment {
  return virtualEnvironment(seed, { startMs, logger });
}

function toStore({ topic, queueId, name, bodyBytes, propertiesBytes = 20, changes }: NewMessage): MessageToStore {
  const properties = Buffer.from(`KEYS\u0001${name}\u0002PAD\u0001${'p'.repeat(propertiesBytes)}\u0002`);
  return messageOf(topic, queueId, name.padEnd(bodyBytes, '.'), { properties, ...changes });
}

function contentOf(message: Pick<MessageToStore, 'flag' | 'sysFlag' | 'reconsumeTimes' | 'body'>, properties: Buffer): string {
  const { body, flag, reconsumeTimes, sysFlag } = message;
  return [body.toString('latin1'), properties.toString('latin1'), flag, sysFlag, reconsumeTimes].join('|');
}

function foundEntry(message: MessageExt, isQueued: boolean): LogEntry {
  const { physicalOffset, propertiesBytes, queueId, queueOffset, storeSizeBytes, topic } = message;
  return {
    topic,
    queueId,
    queueOffset: isQueued ? queueOffset : -1,
    physicalOffset,
    sizeBytes: storeSizeBytes,
    content: contentOf(message, propertiesBytes),
  };
}

/** One life of a store on a disk, from its start to its end, with the model told of everything that its users are told. */
export class StoreLife {
  readonly store: ReturnType<typeof createMessageStore>;
  readonly failures: Error[] = [];
  readonly #options: StoreLifeOptions;
  readonly #puts: { readonly entries: LogEntry[]; status: PutStatus | undefined }[] = [];
  #isOpen = false;
  #failedAtMs = Number.POSITIVE_INFINITY;

  constructor(options: StoreLifeOptions) {
    this.#options = options;
    this.store = createMessageStore({
      environment: options.environment,
      fileSystem: options.disk,
      config: options.config,
      limits: options.limits,
      tagsCodeOf: (_topic, properties) => properties.length,
      onFailure: (error) => {
        this.failures.push(error);
        this.#failedAtMs = this.nowMs;
      },
    });
  }

  /** As the model counts time. */
  get nowMs(): number {
    return (this.#options.startedAtMs ?? 0) + this.#options.environment.time.monotonic();
  }

  /** When its promises ended: at its first failure, or now. */
  get endMs(): number {
    return Math.min(this.#failedAtMs, this.nowMs);
  }

  get isDead(): boolean {
    return this.#options.disk.isDead;
  }

  /** Runs time until `work` has ended; false when the process died first. Its error is the caller's. */
  async run(work: Promise<unknown>): Promise<boolean> {
    let isDone = false;
    const end = (): void => {
      isDone = true;
    };
    work.then(end, end);
    await this.#options.environment.time.runUntil(() => isDone || this.isDead, 3_600_000);
    if (isDone) await work;
    return isDone;
  }

  async start(): Promise<boolean> {
    const { disk, model } = this.#options;
    const starting = this.store.start().then(() => {
      if (disk.isDead) return;
      this.#isOpen = true;
      model.restarted(this.store.maxPhysicalOffset, this.nowMs);
      model.retention.began(this.store.minPhysicalOffset, model.physicalEnd, true);
    });
    return this.run(starting);
  }

  put(...messages: readonly NewMessage[]): Put {
    const { model } = this.#options;
    const put = { entries: [] as LogEntry[], status: undefined as PutStatus | undefined };
    this.#puts.push(put);
    const records = messages.map(toStore);
    const waiter = {
      onAppended: (physicalOffset: number, queueOffset: number) => {
        const record = records[put.entries.length] as MessageToStore;
        const { body, properties, queueId, sysFlag, topic } = record;
        const entry: LogEntry = {
          topic,
          queueId,
          queueOffset: (sysFlag & 0xc) === 0 || (sysFlag & 0xc) === 8 ? queueOffset : -1,
          physicalOffset,
          sizeBytes: recordFixedBytes + Buffer.byteLength(topic) + body.length + properties.length,
          content: contentOf(record, properties),
        };
        this.#forgetRefused(physicalOffset);
        put.entries.push(entry);
        model.appended(entry);
      },
      onDone: (status: PutStatus) => {
        if (put.status !== undefined) throw new Violation(`a put was answered twice: ${put.status}, ${status}`);
        put.status = status;
        this.#answered(put.entries, status, records);
      },
    };
    const only = records[0];
    if (records.length === 1 && only !== undefined) this.store.putMessage(only, waiter);
    else this.store.putMessages(records, waiter);
    return put;
  }

  /** Waits until every put so far has its answer; false when the process died first. */
  async answered(): Promise<boolean> {
    const { time } = this.#options.environment;
    await time.runUntil(() => this.isDead || this.#puts.every(({ status }) => status !== undefined), 3_600_000);
    return !this.isDead;
  }

  /** Lets time pass, or ends when the process dies. */
  async pause(byMs: number): Promise<boolean> {
    const { time } = this.#options.environment;
    const untilMs = time.monotonic() + byMs;
    const awake = time.setTimeout(() => undefined, byMs);
    await time.runUntil(() => this.isDead || time.monotonic() >= untilMs, byMs + 1);
    awake.cancel();
    return !this.isDead;
  }

  /** What a consumer would see at this very moment counts as seen. */
  observe(): void {
    if (this.isDead) return;
    const { model } = this.#options;
    const logBegin = this.store.minPhysicalOffset;
    // Also while it stops: a file that is on its way out goes.
    if (this.#isOpen || logBegin > model.retention.logBegin) model.retention.began(logBegin, model.physicalEnd, false);
    if (!this.#isOpen) return;
    const end = this.store.maxPhysicalOffset;
    const last = model.log.findLast(({ physicalOffset }) => physicalOffset < end);
    if (last !== undefined) model.promised(last, this.nowMs);
    for (const topic of topics) {
      for (const queueId of [0, 1]) {
        const newest = model.queue(topic, queueId)[this.store.maxOffset(topic, queueId) - 1];
        const isThere = newest !== undefined && newest.queueOffset >= this.store.minOffset(topic, queueId);
        if (isThere) model.promised(newest, this.nowMs);
      }
    }
  }

  /** Reads all queues as consumers do, and every record of the log by its place and, when `byKey`, by its key. */
  async readAll(byKey = false): Promise<void> {
    const { model } = this.#options;
    for (const topic of topics) for (const queueId of [0, 1]) await this.#readQueue(topic, queueId);
    for (const entry of model.log.slice()) {
      if (entry.physicalOffset >= this.store.maxPhysicalOffset) return;
      const found = await this.store.lookMessage(entry.physicalOffset);
      this.observe();
      if (entry.physicalOffset < model.retention.logBegin) continue;
      if (found === undefined)
        throw new Violation(`no message at ${entry.physicalOffset}, put was ${entry.content.slice(0, 40)}`);
      model.seen(foundEntry(found, entry.queueOffset >= 0), this.nowMs);
      if (byKey) await this.#findByKey(entry);
    }
  }

  /** Whatever has expired goes, in the background. */
  expire(): void {
    if (this.#isOpen) this.store.deleteExpiredFiles();
  }

  /** All queues of a topic, when nothing is put. */
  async deleteTopic(topic: string): Promise<boolean> {
    const { retention } = this.#options.model;
    const names = [0, 1].map((queueId) => ({
      name: `${topic}/${queueId}`,
      count: this.#options.model.queue(topic, queueId).length,
    }));
    for (const { count, name } of names) retention.deleting(name, count);
    if (!(await this.run(this.store.deleteTopics([topic])))) return false;
    for (const { name } of names) retention.deleted(name);
    return true;
  }

  async stop(): Promise<boolean> {
    this.#isOpen = false;
    return this.run(this.store.stop());
  }

  /** The index knows every message, and nothing else under its key. */
  async #findByKey(entry: LogEntry): Promise<void> {
    const key = entry.content.split('KEYS\u0001')[1]?.split('\u0002')[0] ?? '';
    const request = {
      topic: entry.topic,
      key,
      kind: 'KEY',
      maxCount: 32,
      beginTimestamp: 0,
      endTimestamp: Number.MAX_SAFE_INTEGER,
    } as const;
    const { records } = await this.store.queryMessage(request);
    const places = records.flatMap((record) => decodeRecords(record)).map(({ physicalOffset }) => physicalOffset);
    this.observe();
    if (entry.physicalOffset < this.#options.model.retention.logBegin) return;
    if (places.length !== 1 || places[0] !== entry.physicalOffset) {
      throw new Violation(`the index finds ${key} at [${places.join()}], it is at ${entry.physicalOffset}`);
    }
  }

  async #readQueue(topic: string, queueId: number): Promise<void> {
    const { model } = this.#options;
    const { store } = this;
    const maxOffset = store.maxOffset(topic, queueId);
    let queueOffset = this.#beginOf(topic, queueId);
    while (queueOffset < maxOffset) {
      const result: GetMessageResult = await store.getMessage({ topic, queueId, queueOffset, maxCount: 32, matches: undefined });
      for (const message of result.slices.flatMap((slice) => decodeRecords(slice))) {
        // What expired meanwhile is passed.
        if (message.queueOffset > queueOffset) queueOffset = Math.min(message.queueOffset, this.#beginOf(topic, queueId));
        if (message.queueOffset !== queueOffset)
          throw new Violation(`${topic}/${queueId}: ${message.queueOffset} at ${queueOffset}`);
        model.seen(foundEntry(message, true), this.nowMs);
        queueOffset += 1;
      }
      if (result.nextBeginOffset > queueOffset && result.nextBeginOffset <= this.#beginOf(topic, queueId)) {
        queueOffset = result.nextBeginOffset;
      }
      if (result.nextBeginOffset !== queueOffset) throw new Violation(`${topic}/${queueId}: ${result.status} at ${queueOffset}`);
    }
    const known = model.queue(topic, queueId).filter(({ physicalOffset }) => physicalOffset < store.maxPhysicalOffset).length;
    if (maxOffset > known) throw new Violation(`${topic}/${queueId} ends at ${maxOffset}, the log has ${known} of it`);
  }

  /** Where a queue has its first message that is there. */
  #beginOf(topic: string, queueId: number): number {
    this.observe();
    const { model } = this.#options;
    const queue = model.queue(topic, queueId);
    const isExpired = ({ physicalOffset }: LogEntry): boolean => physicalOffset < model.retention.logBegin;
    const expiredCount = queue.filter(isExpired).length;
    const minOffset = this.store.minOffset(topic, queueId);
    const isForgotten = expiredCount === queue.length && this.store.maxOffset(topic, queueId) === 0;
    if (!isForgotten) model.retention.queueBegan(`${topic}/${queueId}`, minOffset, expiredCount);
    return Math.max(minOffset, expiredCount);
  }

  /** A place that was given before belongs to a message whose put was refused. */
  #forgetRefused(physicalOffset: number): void {
    const { model } = this.#options;
    const earlier = model.log.find((entry) => entry.physicalOffset >= physicalOffset);
    if (earlier === undefined) return;
    const status = this.#puts.find(({ entries }) => entries.includes(earlier))?.status;
    if (status !== undefined && status !== 'PUT_OK' && status !== 'FLUSH_DISK_TIMEOUT') model.takenBack(earlier);
  }

  #answered(entries: readonly LogEntry[], status: PutStatus, records: readonly MessageToStore[]): void {
    const last = entries.at(-1);
    const first = entries[0];
    // It says that nothing is stored, and what was put behind it is taken back with it.
    if (status === 'DISK_FULL' && first !== undefined && this.#options.model.log.includes(first))
      this.#options.model.takenBack(first);
    if (status !== 'PUT_OK' || last === undefined) return;
    if (this.isDead || this.failures.length > 0) throw new Violation('a put was acknowledged after the end');
    const isWeak = records.every(({ waitStore }) => !waitStore);
    this.#options.model.promised(last, this.nowMs, isWeak);
  }
}

/** An expected refusal of the store to start or to read; anything else is an error of the test or of the program. */
export function refusalOf(error: unknown): string | undefined {
  if (error instanceof Violation || !isMqError(error)) return undefined;
  return `${error.code}: ${error.message}`;
}
