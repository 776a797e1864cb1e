/**
 * Which entries of which queue are on the device, and from where the log has to be dispatched again: written after each
 * thorough flush of the queues. So recovery believes no queue file beyond what was flushed, and a queue that vanished is
 * missed. A text of its CRC and a JSON line; one that cannot be read counts as absent, and the queues are built anew.
 */
import { crc32 } from 'node:zlib';
import type { FileSystem } from '../io/file-system.js';
import { parentPath } from '../io/paths.js';
import type { LogMark } from '../log-mark.js';

const version = 1;

export interface QueueRange {
  readonly minOffset: number;
  readonly endOffset: number;
  /** Its messages were deleted when the log ended here, and none came since. A queue that is merely empty has none. */
  readonly deletedAt?: number | undefined;
}

export interface QueueEnds {
  /** All entries of records before it are flushed. */
  readonly mark: LogMark;
  readonly queues: ReadonlyMap<string, ReadonlyMap<number, QueueRange>>;
  /** Of a rebuild order: see `QueueSurvey.begins`. */
  readonly begins?: ReadonlyMap<string, number> | undefined;
}

type QueueRangeJson =
  | readonly [queueId: number, minOffset: number, endOffset: number]
  | readonly [queueId: number, minOffset: number, endOffset: number, deletedAt: number];

interface QueueEndsJson {
  readonly version: number;
  readonly mark: LogMark;
  readonly queues: Readonly<Record<string, readonly QueueRangeJson[]>>;
  readonly begins?: Readonly<Record<string, number>>;
}

function encodeQueueEnds(ends: QueueEnds): Buffer {
  const queues: Record<string, QueueRangeJson[]> = Object.create(null);
  for (const [topic, ranges] of ends.queues) {
    queues[topic] = [...ranges].map(([queueId, { minOffset, endOffset, deletedAt }]) =>
      deletedAt === undefined ? [queueId, minOffset, endOffset] : [queueId, minOffset, endOffset, deletedAt],
    );
  }
  const begins = ends.begins === undefined ? {} : { begins: Object.fromEntries(ends.begins) };
  const json = JSON.stringify({ version, mark: ends.mark, queues, ...begins } satisfies QueueEndsJson);
  return Buffer.from(`${crc32(json).toString(16)}\n${json}`);
}

function decodeQueueEnds(content: Buffer): QueueEnds | undefined {
  const text = content.toString('utf8');
  const lineEnd = text.indexOf('\n');
  const json = text.slice(lineEnd + 1);
  if (lineEnd < 0 || crc32(json).toString(16) !== text.slice(0, lineEnd)) return undefined;
  // The CRC holds, so it is what `encodeQueueEnds` wrote.
  const value = JSON.parse(json) as QueueEndsJson;
  if (value.version !== version) return undefined;
  const queues = new Map<string, Map<number, QueueRange>>();
  for (const [topic, ranges] of Object.entries(value.queues)) {
    const decoded = ranges.map(
      ([queueId, minOffset, endOffset, deletedAt]) => [queueId, { minOffset, endOffset, deletedAt }] as const,
    );
    queues.set(topic, new Map(decoded));
  }
  const begins = value.begins === undefined ? undefined : new Map(Object.entries(value.begins));
  return { mark: value.mark, queues, begins };
}

export class QueueEndsFile {
  readonly #fileSystem: FileSystem;
  readonly #path: string;
  #coveredEnd = 0;

  constructor(fileSystem: FileSystem, path: string) {
    this.#fileSystem = fileSystem;
    this.#path = path;
  }

  /** The file on disk covers all records below; 0 when there is none. */
  get coveredEnd(): number {
    return this.#coveredEnd;
  }

  async read(): Promise<QueueEnds | undefined> {
    const content = await this.#fileSystem.readFile(this.#path);
    const ends = content === undefined ? undefined : decodeQueueEnds(content);
    this.#coveredEnd = Math.max(0, ends?.mark.physicalEnd ?? 0);
    return ends;
  }

  async write(ends: QueueEnds): Promise<void> {
    await this.#fileSystem.writeFileAtomically(this.#path, encodeQueueEnds(ends));
    this.#coveredEnd = Math.max(0, ends.mark.physicalEnd);
  }

  /** Durably; a missing file is no error. */
  async remove(): Promise<void> {
    if ((await this.#fileSystem.stat(this.#path)) === undefined) return;
    await this.#fileSystem.remove(this.#path);
    await this.#fileSystem.syncDirectory(parentPath(this.#path));
  }
}
