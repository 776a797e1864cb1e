/**
 * What the consume queues know of damaged stretches of the log: which messages stood there, and where each queue ended, so
 * that no offset is given twice. Queues that cannot be read know nothing.
 */
import { isRecordEntry, queueEntryBytes, readQueueEntry } from '../../consume-queue/queue-entry.js';
import type { FileSystem } from '../../io/file-system.js';
import { joinPath } from '../../io/paths.js';
import type { FilePool } from '../../segment/file-pool.js';
import { parseSegmentName } from '../../segment/segment-name.js';
import type { QueueRange } from '../queue-ends-file.js';
import type { DamagedStretch } from './log-survey.js';

const pieceEntries = 32_768;

/** Neighbours in one queue. */
export interface LostMessages {
  readonly topic: string;
  readonly queueId: number;
  readonly count: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

export interface QueueKnowledge {
  readonly lost: readonly LostMessages[];
  readonly ends: ReadonlyMap<string, ReadonlyMap<number, QueueRange>>;
}

export interface QueueKnowledgeOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly directory: string;
  readonly stretches: readonly DamagedStretch[];
  /** Entries of records behind it do not count: those records were never flushed. */
  readonly physicalEnd: number;
}

class QueueFindings {
  endOffset = 0;
  /** In queue order. */
  readonly lost: { firstOffset: number; lastOffset: number }[] = [];
}

export async function askQueues(options: QueueKnowledgeOptions): Promise<QueueKnowledge> {
  const { directory, fileSystem } = options;
  const lost: LostMessages[] = [];
  const ends = new Map<string, Map<number, QueueRange>>();
  for (const topic of (await fileSystem.list(directory)) ?? []) {
    if (!topic.isDirectory) continue;
    for (const queue of (await fileSystem.list(joinPath(directory, topic.name))) ?? []) {
      if (!queue.isDirectory || !/^\d{1,9}$/.test(queue.name)) continue;
      const queueId = Number(queue.name);
      const findings = await askQueue(options, joinPath(directory, topic.name, queue.name));
      const { endOffset } = findings;
      for (const { firstOffset, lastOffset } of findings.lost) {
        lost.push({ topic: topic.name, queueId, count: lastOffset - firstOffset + 1, firstOffset, lastOffset });
      }
      if (endOffset === 0) continue;
      const ranges = ends.get(topic.name) ?? new Map<number, QueueRange>();
      ranges.set(queueId, { minOffset: 0, endOffset });
      ends.set(topic.name, ranges);
    }
  }
  return { lost, ends };
}

async function askQueue(options: QueueKnowledgeOptions, directory: string): Promise<QueueFindings> {
  const { fileSystem, physicalEnd, pool, stretches } = options;
  const findings = new QueueFindings();
  const buffer = Buffer.allocUnsafeSlow(pieceEntries * queueEntryBytes);
  const names = ((await fileSystem.list(directory)) ?? []).map(({ name }) => name).sort();
  for (const name of names) {
    const start = parseSegmentName(name);
    if (start === undefined || start % queueEntryBytes !== 0) continue;
    const path = joinPath(directory, name);
    for (let position = 0; ; position += buffer.length) {
      const readBytes = await pool.use(path, (file) => file.read(buffer, position));
      const firstOffset = (start + position) / queueEntryBytes;
      for (let index = 0; (index + 1) * queueEntryBytes <= readBytes; index += 1) {
        const entry = readQueueEntry(buffer, index * queueEntryBytes, firstOffset + index);
        if (!isRecordEntry(entry) || entry.physicalOffset >= physicalEnd) continue;
        findings.endOffset = Math.max(findings.endOffset, entry.queueOffset + 1);
        if (!isIn(stretches, entry.physicalOffset)) continue;
        const run = findings.lost.at(-1);
        if (run?.lastOffset === entry.queueOffset - 1) run.lastOffset = entry.queueOffset;
        else findings.lost.push({ firstOffset: entry.queueOffset, lastOffset: entry.queueOffset });
      }
      if (readBytes < buffer.length) break;
    }
  }
  return findings;
}

/** Stretches are in log order. */
function isIn(stretches: readonly DamagedStretch[], physicalOffset: number): boolean {
  let low = 0;
  let high = stretches.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const stretch = stretches[middle] as DamagedStretch;
    if (physicalOffset < stretch.from) high = middle - 1;
    else if (physicalOffset >= stretch.to) low = middle + 1;
    else return true;
  }
  return false;
}
