/**
 * Looks at queue files that are about to be built anew from the log, for what the log alone does not tell. Of a queue whose messages
 * have all expired: where it ends, since an offset is never given twice. Of a topic that was deleted and created again: with which
 * record the new queue begins, since the log still has the old one's. Nothing is believed that the log does not confirm.
 */
import { RecordAt, readInt64, spansOfRecord } from '@orbitmq/protocol';
import { isPlausibleRecord, recordHeadBytes } from '../commit-log/plausible-record.js';
import { isRecordEntry, isWrittenEntry, queueEntryBytes, readQueueEntry } from '../consume-queue/queue-entry.js';
import type { FileSystem } from '../io/file-system.js';
import { joinPath } from '../io/paths.js';
import type { QueueEntry } from '../message-store.js';
import type { FilePool } from '../segment/file-pool.js';
import { loadSegments } from '../segment/load-segments.js';
import type { SegmentList } from '../segment/segment-list.js';
import type { QueueRange } from './queue-ends-file.js';

export interface QueueSurvey {
  /** Ends of queues without a message in the log. */
  readonly expired: ReadonlyMap<string, ReadonlyMap<number, QueueRange>>;
  /** Log offset of a queue's first record, by `queueKey`: earlier records of that name are another queue's. */
  readonly begins: ReadonlyMap<string, number>;
}

export interface SurveyOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly directory: string;
  readonly queueFileSizeBytes: number;
  readonly segments: SegmentList;
}

export function queueKey(topic: string, queueId: number): string {
  return `${topic}/${queueId}`;
}

export async function surveyQueues(options: SurveyOptions): Promise<QueueSurvey> {
  const { directory, fileSystem } = options;
  const begins = new Map<string, number>();
  const queues = new Map<string, Map<number, QueueRange>>();
  for (const topic of (await fileSystem.list(directory)) ?? []) {
    for (const { name } of topic.isDirectory ? ((await fileSystem.list(joinPath(directory, topic.name))) ?? []) : []) {
      if (!/^\d{1,9}$/.test(name)) continue;
      const queueId = Number(name);
      const found = await surveyQueue(options, topic.name, queueId);
      if (found === undefined) continue;
      if ('begin' in found) {
        begins.set(queueKey(topic.name, queueId), found.begin);
        continue;
      }
      const ranges = queues.get(topic.name) ?? new Map<number, QueueRange>();
      queues.set(topic.name, ranges.set(queueId, { minOffset: found.end, endOffset: found.end }));
    }
  }
  return { expired: queues, begins };
}

async function surveyQueue(
  options: SurveyOptions,
  topic: string,
  queueId: number,
): Promise<{ readonly begin: number } | { readonly end: number } | undefined> {
  const { directory, fileSystem, segments } = options;
  const { list, damage } = await loadSegments(fileSystem, joinPath(directory, topic, String(queueId)), entryFileBytes(options));
  if (damage !== undefined || list.isEmpty) return undefined;
  const from = list.firstOffset / queueEntryBytes;
  const end = await search(options, list, from, list.endOffset / queueEntryBytes, isWrittenEntry);
  if (end === from) return undefined;
  const last = await entryAt(options, list, end - 1);
  if (isRecordEntry(last) && last.physicalOffset + last.sizeBytes <= segments.firstOffset) return { end };
  const isGone = (entry: QueueEntry): boolean => !isRecordEntry(entry) || entry.physicalOffset < segments.firstOffset;
  const first = await entryAt(options, list, Math.min(await search(options, list, from, end, isGone), end - 1));
  // A queue of Apache's that was deleted begins again at 0. One that begins later may have lost its first files in a power cut,
  // and its messages before are in the log.
  if (first.queueOffset > 0) return undefined;
  return (await isInLog(options, first, topic, queueId)) ? { begin: first.physicalOffset } : undefined;
}

function entryFileBytes({ queueFileSizeBytes }: SurveyOptions): number {
  return Math.ceil(queueFileSizeBytes / queueEntryBytes) * queueEntryBytes;
}

/** First offset in `[from, to)` of which `isBefore` does not hold; it holds for a run from `from` on. */
async function search(
  options: SurveyOptions,
  list: SegmentList,
  from: number,
  to: number,
  isBefore: (entry: QueueEntry) => boolean,
): Promise<number> {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isBefore(await entryAt(options, list, middle))) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function entryAt({ pool }: SurveyOptions, list: SegmentList, queueOffset: number): Promise<QueueEntry> {
  const startByte = queueOffset * queueEntryBytes;
  const fileStart = list.startOf(startByte);
  const bytes = Buffer.alloc(queueEntryBytes);
  await pool.use(list.pathOf(fileStart), (file) => file.read(bytes, startByte - fileStart));
  return readQueueEntry(bytes, 0, queueOffset);
}

/** Whether the record that an entry names is there, and is that entry's. */
async function isInLog(options: SurveyOptions, entry: QueueEntry, topic: string, queueId: number): Promise<boolean> {
  const { pool, segments } = options;
  const { physicalOffset, sizeBytes } = entry;
  if (!isRecordEntry(entry) || sizeBytes > segments.sizeBytes || !segments.has(physicalOffset)) return false;
  const fileStart = segments.startOf(physicalOffset);
  const read = (target: Buffer): Promise<number> =>
    pool.use(segments.pathOf(fileStart), (file) => file.read(target, physicalOffset - fileStart));
  const head = Buffer.alloc(recordHeadBytes);
  await read(head);
  if (sizeBytes > recordHeadBytes && !isPlausibleRecord(head, 0, sizeBytes, physicalOffset)) return false;
  const bytes = Buffer.alloc(sizeBytes);
  await read(bytes);
  const spans = spansOfRecord(bytes, 0, sizeBytes);
  if (typeof spans === 'string' || spans.sizeBytes !== sizeBytes) return false;
  return (
    readInt64(bytes, RecordAt.PHYSICAL_OFFSET) === physicalOffset &&
    readInt64(bytes, RecordAt.QUEUE_OFFSET) === entry.queueOffset &&
    bytes.readInt32BE(RecordAt.QUEUE_ID) === queueId &&
    bytes.toString('utf8', spans.topicStart, spans.topicEnd) === topic
  );
}
