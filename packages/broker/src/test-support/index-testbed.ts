/** A commit log of whole records on a disk in memory, the index service over it, and what an index must be by page 20 §5. */
import { encodeProperties, encodeRecord, type RecordParts, recordSizeBytes, SysFlag, verifyRecord } from '@orbitmq/protocol';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { TailBuffer } from '../store/commit-log/tail-buffer.js';
import { IndexService, type IndexServiceOptions } from '../store/index/index-service.js';
import type { FileSystem } from '../store/io/file-system.js';
import { writeFile } from '../store/io/io-promise.js';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { FilePool } from '../store/segment/file-pool.js';
import { SegmentList } from '../store/segment/segment-list.js';

export const indexDirectory = '/store/index';
export const notesDirectory = '/store/orbitmq/index-checksums';
const logDirectory = '/store/commitlog';
const host = Buffer.from([127, 0, 0, 1, 0, 0, 0x2a, 0x9f]);

export interface IndexedMessage {
  readonly topic?: string;
  readonly uniqueKey?: string;
  readonly keys?: string;
  readonly tags?: string;
  readonly sysFlag?: number;
  readonly body?: string;
  /** The property string as it is, in place of the three above. */
  readonly properties?: Buffer;
}

/** A record of the log, as the reference sees it. */
export interface LoggedMessage extends IndexedMessage {
  readonly topic: string;
  readonly physicalOffset: number;
  readonly storeTimestamp: number;
}

export class IndexTestLog {
  readonly environment: VirtualEnvironment;
  readonly fileSystem: FileSystem;
  readonly segments: SegmentList;
  readonly messages: LoggedMessage[] = [];
  tail: TailBuffer;
  end = 0;

  constructor(options: { readonly fileSystem?: FileSystem; readonly fileSizeBytes?: number } = {}) {
    this.environment = virtualEnvironment(1);
    this.fileSystem = options.fileSystem ?? new MemoryFileSystem();
    this.segments = new SegmentList(logDirectory, options.fileSizeBytes ?? 4096);
    this.tail = this.newTail();
  }

  newTail(): TailBuffer {
    return new TailBuffer({ tailChunkBytes: 2048, tailBytesMax: 8192 });
  }

  /** Writes a record, and keeps it in memory as the log does. */
  async append(message: IndexedMessage = {}): Promise<LoggedMessage> {
    const topic = message.topic ?? 'T';
    const parts = partsOf(topic, message);
    const sizeBytes = recordSizeBytes(parts);
    const segmentEnd = this.segments.startOf(this.end) + this.segments.sizeBytes;
    if (this.end + sizeBytes + 8 > segmentEnd) {
      const blank = Buffer.alloc(8);
      blank.writeInt32BE(segmentEnd - this.end, 0);
      blank.writeUInt32BE(0xcbd43194, 4);
      await this.#write(blank, this.end);
      this.end = segmentEnd;
    }
    const physicalOffset = this.end;
    const storeTimestamp = this.environment.clock.now();
    const chunk = this.tail.room(physicalOffset, sizeBytes);
    encodeRecord(chunk.bytes, chunk.usedBytes, parts, { queueOffset: 0, physicalOffset, storeTimestamp });
    const record = chunk.bytes.subarray(chunk.usedBytes, chunk.usedBytes + sizeBytes);
    chunk.usedBytes += sizeBytes;
    await this.#write(record, physicalOffset);
    this.end += sizeBytes;
    this.tail.trim(this.end);
    const logged = { ...message, topic, physicalOffset, storeTimestamp };
    this.messages.push(logged);
    return logged;
  }

  /** Bytes of one file. */
  async read(from: number, end: number): Promise<Buffer> {
    const start = this.segments.startOf(from);
    const file = await this.fileSystem.open(this.segments.pathOf(start), { create: false });
    const target = Buffer.alloc(end - from);
    const readBytes = await file.read(target, from - start);
    await file.close();
    return target.subarray(0, readBytes);
  }

  async record(physicalOffset: number) {
    if (!this.segments.has(physicalOffset) || physicalOffset >= this.end) return undefined;
    const end = Math.min(this.end, this.segments.startOf(physicalOffset) + this.segments.sizeBytes);
    const bytes = await this.read(physicalOffset, end);
    const check = verifyRecord(bytes, 0);
    const isRecord = check.status === 'valid' && bytes.readBigInt64BE(28) === BigInt(physicalOffset);
    return isRecord ? bytes.subarray(0, check.sizeBytes) : undefined;
  }

  async #write(bytes: Buffer, physicalOffset: number): Promise<void> {
    const start = this.segments.startOf(physicalOffset);
    await this.fileSystem.makeDirectory(logDirectory);
    const file = await this.fileSystem.open(this.segments.pathOf(start), { create: true });
    if (!this.segments.has(physicalOffset)) {
      await file.truncate(this.segments.sizeBytes);
      this.segments.add(start);
    }
    await writeFile(file, [bytes], physicalOffset - start);
    await file.close();
  }
}

function partsOf(topic: string, message: IndexedMessage): RecordParts {
  const table: Record<string, string> = {};
  if (message.uniqueKey !== undefined) table['UNIQ_KEY'] = message.uniqueKey;
  if (message.keys !== undefined) table['KEYS'] = message.keys;
  if (message.tags !== undefined) table['TAGS'] = message.tags;
  return {
    topicBytes: Buffer.from(topic),
    queueId: 0,
    flag: 0,
    sysFlag: message.sysFlag ?? 0,
    bornTimestamp: 0,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.from(message.body ?? 'body'),
    properties: message.properties ?? Buffer.from(encodeProperties(table)),
  };
}

export interface IndexTestbedOptions {
  readonly maxHashSlotNum?: number;
  readonly maxIndexNum?: number;
  readonly wasStoppedCleanly?: boolean;
  readonly limits?: Partial<IndexServiceOptions['limits']>;
  readonly flushedTimestamp?: number;
}

export interface IndexTestbed {
  readonly service: IndexService;
  readonly pool: FilePool;
  readonly flushedTimestamps: number[];
  readonly warnings: string[];
  /** A record was appended. */
  wake(): void;
  /** Physical offsets of what a query finds. */
  find(key: string, changes?: Partial<Parameters<IndexService['query']>[0]>): Promise<readonly number[]>;
  /** As a store that stops in order. */
  stop(): Promise<boolean>;
}

/** Opens an index over the log; the service has been started. */
export function openIndex(log: IndexTestLog, options: IndexTestbedOptions = {}): IndexTestbed {
  const { environment, fileSystem, segments, tail } = log;
  const pool = new FilePool(fileSystem, 16);
  const flushedTimestamps: number[] = [];
  const warnings: string[] = [];
  const { time } = environment;
  const silent = (): void => undefined;
  const tell = (message: string): void => void warnings.push(message);
  const service = new IndexService({
    clock: environment.clock,
    timers: environment.timers,
    logger: { ...environment.logger, debug: silent, info: silent, warn: tell, error: tell },
    fileSystem,
    pool,
    directory: indexDirectory,
    notesDirectory,
    config: { maxHashSlotNum: options.maxHashSlotNum ?? 7, maxIndexNum: options.maxIndexNum ?? 1000 },
    limits: { indexPendingBytesMax: 200, queryEntriesMax: 1000, queryAnswerBytesMax: 100_000, ...options.limits },
    log: { segments, tail, durableEnd: () => log.end, readFile: (from, end) => log.read(from, end) },
    readRecord: (physicalOffset) => log.record(physicalOffset),
    recoveredEnd: log.end,
    wasStoppedCleanly: options.wasStoppedCleanly ?? true,
    flushedTimestamp: options.flushedTimestamp ?? 0,
    onFlushed: (endTimestamp) => void flushedTimestamps.push(endTimestamp),
  });
  service.start();
  return {
    service,
    pool,
    flushedTimestamps,
    warnings,
    wake: () => service.wake(),
    async find(key, changes = {}) {
      const range = { beginTimestamp: 0, endTimestamp: Number.MAX_SAFE_INTEGER };
      const request = { topic: 'T', key, kind: 'KEY', maxCount: 64, ...range, ...changes } as const;
      const { records } = await time.settle(service.query(request));
      return records.map((record) => Number(record.readBigInt64BE(28)));
    },
    async stop() {
      const isInOrder = await time.settle(service.finish());
      await time.settle(service.close());
      await pool.closeAll();
      return isInOrder;
    },
  };
}

/** Names of the index files, oldest first. */
export async function indexFileNames(log: IndexTestLog): Promise<readonly string[]> {
  return ((await log.fileSystem.list(indexDirectory)) ?? []).map(({ name }) => name);
}

export async function indexFiles(log: IndexTestLog): Promise<readonly Buffer[]> {
  const names = await indexFileNames(log);
  return Promise.all(names.map(async (name) => (await log.fileSystem.readFile(`${indexDirectory}/${name}`)) ?? Buffer.alloc(0)));
}

/** Java's String.hashCode, by its definition. */
function hashCode(text: string): number {
  let hash = 0n;
  for (let index = 0; index < text.length; index += 1) hash = hash * 31n + BigInt(text.charCodeAt(index));
  return Number(BigInt.asIntN(32, hash));
}

/** What page 20 §5 says the index files of these messages are, byte for byte. */
export function expectedIndexFiles(
  messages: readonly LoggedMessage[],
  layout: { readonly maxHashSlotNum: number; readonly maxIndexNum: number },
): readonly Buffer[] {
  const { maxHashSlotNum, maxIndexNum } = layout;
  const files: Buffer[] = [];
  let file = Buffer.alloc(0);
  const header = { begin: 0, end: 0, beginOffset: 0, endOffset: 0, slots: 0, count: maxIndexNum };
  const put = (key: string, message: LoggedMessage): void => {
    if (header.count >= maxIndexNum) {
      file = Buffer.alloc(40 + 4 * maxHashSlotNum + 20 * maxIndexNum);
      files.push(file);
      Object.assign(header, { begin: header.end, beginOffset: header.endOffset, slots: 0, count: 1 });
    }
    const code = hashCode(key);
    const hash = code === -2147483648 ? 0 : Math.abs(code);
    const slotAt = 40 + 4 * (hash % maxHashSlotNum);
    const entryAt = 40 + 4 * maxHashSlotNum + 20 * header.count;
    const previous = file.readInt32BE(slotAt);
    const seconds = header.begin <= 0 ? 0 : Math.trunc((message.storeTimestamp - header.begin) / 1000);
    file.writeInt32BE(hash, entryAt);
    file.writeBigInt64BE(BigInt(message.physicalOffset), entryAt + 4);
    file.writeInt32BE(Math.max(0, seconds), entryAt + 12);
    file.writeInt32BE(previous, entryAt + 16);
    file.writeInt32BE(header.count, slotAt);
    if (header.count === 1) Object.assign(header, { begin: message.storeTimestamp, beginOffset: message.physicalOffset });
    if (previous === 0) header.slots += 1;
    Object.assign(header, { count: header.count + 1, end: message.storeTimestamp, endOffset: message.physicalOffset });
    [header.begin, header.end, header.beginOffset, header.endOffset].forEach((value, index) => {
      file.writeBigInt64BE(BigInt(value), index * 8);
    });
    file.writeInt32BE(header.slots, 32);
    file.writeInt32BE(header.count, 36);
  };
  for (const message of messages) {
    if (((message.sysFlag ?? 0) & SysFlag.TRANSACTION_MASK) === SysFlag.TRANSACTION_ROLLBACK) continue;
    if (message.uniqueKey !== undefined && message.uniqueKey !== '') put(`${message.topic}#${message.uniqueKey}`, message);
    for (const key of (message.keys ?? '').split(' ')) if (key !== '') put(`${message.topic}#${key}`, message);
    if (message.tags !== undefined && message.tags !== '') put(`${message.topic}#T#${message.tags}`, message);
  }
  return files;
}
