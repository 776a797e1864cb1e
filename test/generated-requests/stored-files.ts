/** What a stopped broker left on its disk, read by the documented layout and nothing of the broker's own code (pages 08 and 20). */
import type { FileSystem } from '@orbitmq/broker';
import { blankMagic, decodeRecord, type MessageExt, readInt64 } from '@orbitmq/protocol';

export interface StoredQueue {
  readonly topic: string;
  readonly queueId: number;
  readonly firstOffset: number;
  /** Of the log, in order. */
  readonly physicalOffsets: readonly number[];
}

export interface StoredFiles {
  readonly records: readonly MessageExt[];
  readonly queues: readonly StoredQueue[];
}

const entryBytes = 20;
/** Page 20 §4. */
const blankSizeBytes = 0x7fff_ffff;

export async function readStoredFiles(disk: FileSystem, root: string): Promise<StoredFiles> {
  const records: MessageExt[] = [];
  for (const { name } of await sorted(disk, `${root}/commitlog`))
    records.push(...(await readLogFile(disk, `${root}/commitlog/${name}`)));
  const queues: StoredQueue[] = [];
  for (const topic of await sorted(disk, `${root}/consumequeue`)) {
    for (const queue of await sorted(disk, `${root}/consumequeue/${topic.name}`)) {
      queues.push(await readQueue(disk, `${root}/consumequeue/${topic.name}/${queue.name}`, topic.name, Number(queue.name)));
    }
  }
  return { records, queues };
}

async function sorted(disk: FileSystem, path: string): Promise<readonly { readonly name: string }[]> {
  const entries = (await disk.list(path)) ?? [];
  return [...entries].sort((left, right) => (left.name < right.name ? -1 : 1));
}

async function readLogFile(disk: FileSystem, path: string): Promise<MessageExt[]> {
  const bytes = (await disk.readFile(path)) ?? Buffer.alloc(0);
  const records: MessageExt[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const sizeBytes = bytes.readInt32BE(at);
    if (sizeBytes === 0 || bytes.readInt32BE(at + 4) === blankMagic) break;
    const record = decodeRecord(bytes, at);
    records.push(record);
    at += record.storeSizeBytes;
  }
  return records;
}

async function readQueue(disk: FileSystem, path: string, topic: string, queueId: number): Promise<StoredQueue> {
  const physicalOffsets: number[] = [];
  let firstOffset = 0;
  for (const { name } of await sorted(disk, path)) {
    const bytes = (await disk.readFile(`${path}/${name}`)) ?? Buffer.alloc(0);
    for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
      const sizeBytes = bytes.readInt32BE(at + 8);
      // Space that was reserved; or before the first entry of a queue that goes on after its topic was deleted, blank ones.
      if (sizeBytes === 0 || (physicalOffsets.length === 0 && sizeBytes === blankSizeBytes)) continue;
      if (physicalOffsets.length === 0) firstOffset = (Number(name) + at) / entryBytes;
      physicalOffsets.push(readInt64(bytes, at));
    }
  }
  return { topic, queueId, firstOffset, physicalOffsets };
}
