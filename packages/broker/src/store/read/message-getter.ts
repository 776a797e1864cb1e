/**
 * Answers pulls (Java: DefaultMessageStore.getMessage; pages 04 §3 and 20 §11). What is in memory is answered in the turn of
 * the call; else what is missing is read with few large reads and the answer is put together again. An answer that has
 * messages, or looked at some for its filter, ends where memory ends, so that a consumer at the tail never waits for a file.
 */
import { StoreError } from '@orbitmq/core/kernel';
import { readInt64 } from '@orbitmq/protocol';
import type { LogBlock } from '../commit-log/log-block.js';
import type { LogReader, RecordPlaceInLog } from '../commit-log/log-reader.js';
import type { ConsumeQueue, EntryWindow } from '../consume-queue/consume-queue.js';
import { EntryAt, isRecordSize, queueEntryBytes } from '../consume-queue/queue-entry.js';
import type { QueueReader } from '../consume-queue/queue-reader.js';
import type { GetMessageRequest, GetMessageResult, GetMessageStatus } from '../message-store.js';
import { type BatchLimits, isBatchFull } from './batch-limits.js';
import type { ReadSlots } from './read-slots.js';
import { SliceJoiner } from './slice-joiner.js';

/** What one attempt needs that is not in memory. */
type Missing =
  | { readonly kind: 'entries'; readonly queueOffset: number }
  | { readonly kind: 'records'; readonly places: readonly RecordPlaceInLog[] };

/** A read ends when the looks of its filter have cost this much: a few milliseconds of the loop. */
const filterCostMax = 4_000_000;
/** Bytes of records that one answer reads from files for a filter to look at. */
const filterReadBytesMax = 262_144;

/** Entries that were read for this answer: others may need the room in the cache before it is put together. */
interface LoadedEntries {
  readonly firstOffset: number;
  readonly window: EntryWindow;
}

/** What was read for one answer. */
interface Loaded {
  readonly blocks: LogBlock[];
  entries: LoadedEntries | undefined;
}

const nothingLoaded: Loaded = { blocks: [], entries: undefined };

type Attempt = { readonly result: GetMessageResult } | { readonly missing: Missing };

export interface MessageGetterOptions {
  readonly limits: BatchLimits & { readonly maxFilterMessageSize: number };
  readonly inMemoryDistanceBytes: number;
  readonly entries: QueueReader;
  readonly log: LogReader;
  readonly slots: ReadSlots;
  readonly minPhysicalOffset: () => number;
  readonly maxPhysicalOffset: () => number;
}

function nothing(status: GetMessageStatus, nextBeginOffset: number, queue: ConsumeQueue | undefined): GetMessageResult {
  return {
    status,
    nextBeginOffset,
    minOffset: queue?.minOffset ?? 0,
    maxOffset: queue?.maxOffset ?? 0,
    slices: [],
    messageCount: 0,
    sizeBytes: 0,
  };
}

/** The answer when the offset alone decides it. */
function outOfRange(queue: ConsumeQueue, queueOffset: number): GetMessageResult | undefined {
  const { maxOffset, minOffset } = queue;
  if (maxOffset === 0) return nothing('NO_MESSAGE_IN_QUEUE', 0, queue);
  if (queueOffset < minOffset) return nothing('OFFSET_TOO_SMALL', minOffset, queue);
  if (queueOffset === maxOffset) return nothing('OFFSET_OVERFLOW_ONE', queueOffset, queue);
  if (queueOffset > maxOffset) return nothing('OFFSET_OVERFLOW_BADLY', maxOffset, queue);
  return undefined;
}

/** No entry is on file where the queue should have one. */
function noEntry(queue: ConsumeQueue, requestedOffset: number, queueOffset: number): GetMessageResult {
  const refused = outOfRange(queue, requestedOffset);
  if (refused !== undefined) return refused;
  const perFile = queue.files.sizeBytes / queueEntryBytes;
  const nextFile = (Math.floor(queueOffset / perFile) + 1) * perFile;
  return nothing('OFFSET_FOUND_NULL', Math.min(nextFile, queue.maxOffset), queue);
}

function unreadable(queue: ConsumeQueue, queueOffset: number): StoreError {
  return new StoreError(
    'STORE_CORRUPT',
    `Cannot read message ${queueOffset} of queue ${queue.topic}/${queue.queueId}: its queue entry points to bytes that the commit log does not have`,
    { details: { topic: queue.topic, queueId: queue.queueId, queueOffset } },
  );
}

export class MessageGetter {
  readonly #options: MessageGetterOptions;

  constructor(options: MessageGetterOptions) {
    this.#options = options;
  }

  get(queue: ConsumeQueue | undefined, request: GetMessageRequest): GetMessageResult | Promise<GetMessageResult> {
    if (queue === undefined) return nothing('NO_MATCHED_LOGIC_QUEUE', 0, undefined);
    const refused = outOfRange(queue, request.queueOffset);
    if (refused !== undefined) return refused;
    const attempt = this.#attempt(queue, request, nothingLoaded);
    return 'result' in attempt ? attempt.result : this.#readAndGet(queue, request, attempt.missing);
  }

  /** Whether a message at this place of the log counts as in memory, which decides how much an answer may hold. */
  isHot(physicalOffset: number): boolean {
    return this.#options.maxPhysicalOffset() - physicalOffset <= this.#options.inMemoryDistanceBytes;
  }

  async #readAndGet(queue: ConsumeQueue, request: GetMessageRequest, missing: Missing): Promise<GetMessageResult> {
    const turn = this.#options.slots.enter(request.hasRoom);
    if (turn !== undefined) await turn;
    try {
      return await this.#read(queue, request, missing);
    } finally {
      this.#options.slots.leave();
    }
  }

  async #read(queue: ConsumeQueue, request: GetMessageRequest, firstMissing: Missing): Promise<GetMessageResult> {
    // What was read stays as it is until the answer has its own share of it.
    const loaded: Loaded = { blocks: [], entries: undefined };
    try {
      return await this.#readInto(loaded, queue, request, firstMissing);
    } finally {
      for (const block of loaded.blocks) block.giveBack();
    }
  }

  async #readInto(
    loaded: Loaded,
    queue: ConsumeQueue,
    request: GetMessageRequest,
    firstMissing: Missing,
  ): Promise<GetMessageResult> {
    let missing = firstMissing;
    // Entries first, then records; what was read is held, so each kind is missing once at most.
    let logBegin = this.#options.minPhysicalOffset();
    for (let step = 0; step < 3; step += 1) {
      if (missing.kind === 'records') loaded.blocks.push(...(await this.#options.log.load(missing.places)));
      else {
        const window = await this.#options.entries.load(queue, missing.queueOffset);
        if (window === undefined) return noEntry(queue, request.queueOffset, missing.queueOffset);
        loaded.entries = { firstOffset: missing.queueOffset, window };
      }
      const refused = outOfRange(queue, request.queueOffset);
      if (refused !== undefined) return refused;
      const attempt = this.#attempt(queue, request, loaded);
      if ('result' in attempt) return attempt.result;
      missing = attempt.missing;
      // What was missing has expired meanwhile, and what is missing now is behind it.
      if (this.#options.minPhysicalOffset() !== logBegin) step = 0;
      logBegin = this.#options.minPhysicalOffset();
    }
    throw unreadable(queue, request.queueOffset);
  }

  #attempt(queue: ConsumeQueue, request: GetMessageRequest, loaded: Loaded): Attempt {
    const { limits, log } = this.#options;
    const maxCount = Math.max(1, request.maxCount);
    const minPhysicalOffset = this.#options.minPhysicalOffset();
    const scanEnd = Math.min(
      queue.maxOffset,
      request.queueOffset + Math.max(limits.maxFilterMessageSize, maxCount * queueEntryBytes) / queueEntryBytes,
    );
    const found = new SliceJoiner(request.filter);
    let offset = request.queueOffset;
    let wasRemoved = false;
    let window = this.#window(queue, offset, loaded.entries);
    if (window === undefined) return { missing: { kind: 'entries', queueOffset: offset } };
    for (let index = 0; offset < scanEnd; index += 1) {
      if (index === window.count) {
        window = this.#window(queue, offset, loaded.entries);
        index = 0;
        if (window === undefined) break;
      }
      const at = window.at + index * queueEntryBytes;
      const physicalOffset = readInt64(window.bytes, at);
      const sizeBytes = window.bytes.readInt32BE(at + EntryAt.SIZE);
      if (sizeBytes <= 0) throw unreadable(queue, offset);
      if (!isRecordSize(sizeBytes) || physicalOffset < minPhysicalOffset) {
        wasRemoved = true;
      } else if (request.matches === undefined || request.matches(readInt64(window.bytes, at + EntryAt.TAGS_CODE))) {
        if (isBatchFull(found, sizeBytes, maxCount, this.isHot(physicalOffset), limits)) break;
        if (found.filterCost > filterCostMax) break;
        if (!found.add(log, loaded.blocks, physicalOffset, sizeBytes)) {
          if (found.messageCount + found.refusedCount > 0) break;
          return { missing: { kind: 'records', places: this.#places(queue, request, offset, maxCount, loaded.entries) } };
        }
      }
      offset += 1;
    }
    const status = found.messageCount > 0 ? 'FOUND' : wasRemoved ? 'MESSAGE_WAS_REMOVING' : 'NO_MATCHED_MESSAGE';
    return {
      result: {
        status,
        nextBeginOffset: offset,
        minOffset: queue.minOffset,
        maxOffset: queue.maxOffset,
        slices: found.finish(),
        loan: found,
        messageCount: found.messageCount,
        sizeBytes: found.sizeBytes,
        filterCost: found.filterCost,
      },
    };
  }

  #window(queue: ConsumeQueue, queueOffset: number, loaded: LoadedEntries | undefined): EntryWindow | undefined {
    const known = this.#options.entries.window(queue, queueOffset);
    if (known !== undefined || loaded === undefined) return known;
    const { firstOffset, window } = loaded;
    const passed = queueOffset - firstOffset;
    if (passed < 0 || passed >= window.count) return undefined;
    return { bytes: window.bytes, at: window.at + passed * queueEntryBytes, count: window.count - passed };
  }

  /** The records that an answer from `fromOffset` on would hold, if all were in memory. */
  #places(
    queue: ConsumeQueue,
    request: GetMessageRequest,
    fromOffset: number,
    maxCount: number,
    loaded: LoadedEntries | undefined,
  ): RecordPlaceInLog[] {
    const { limits } = this.#options;
    const places: RecordPlaceInLog[] = [];
    const soFar = { messageCount: 0, sizeBytes: 0 };
    const window = this.#window(queue, fromOffset, loaded);
    for (let index = 0; window !== undefined && index < window.count; index += 1) {
      const at = window.at + index * queueEntryBytes;
      const physicalOffset = readInt64(window.bytes, at);
      const sizeBytes = window.bytes.readInt32BE(at + EntryAt.SIZE);
      if (!isRecordSize(sizeBytes)) continue;
      if (request.matches !== undefined && !request.matches(readInt64(window.bytes, at + EntryAt.TAGS_CODE))) continue;
      const isFull =
        request.filter === undefined
          ? isBatchFull(soFar, sizeBytes, maxCount, this.isHot(physicalOffset), limits)
          : soFar.messageCount > 0 && soFar.sizeBytes + sizeBytes > filterReadBytesMax;
      if (isFull) break;
      places.push({ physicalOffset, sizeBytes });
      soFar.messageCount += 1;
      soFar.sizeBytes += sizeBytes;
    }
    return places;
  }
}
