import { RecordAt, readInt64, recordBytesToStoreTimestampMax, storeTimestampOf } from '@orbitmq/protocol';
import type { FileSystem } from '../io/file-system.js';
import type { FilePool } from '../segment/file-pool.js';
import type { SegmentList } from '../segment/segment-list.js';
import type { StorePaths } from '../store-paths.js';
import { CheckpointFile } from './checkpoint-file.js';

export interface LogOfAnother {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly segments: SegmentList;
  readonly paths: StorePaths;
}

/**
 * Whether the damaged record at `physicalOffset` was on the device, as far as its header and Apache's checkpoint tell. An entry
 * alone proves nothing: a broker of Apache that cuts a torn record leaves the record's entry behind the end of its queue.
 */
export async function isFlushedRecord(log: LogOfAnother, physicalOffset: number): Promise<boolean> {
  const { fileSystem, paths, pool, segments } = log;
  if (!segments.has(physicalOffset)) return false;
  const start = segments.startOf(physicalOffset);
  const header = Buffer.alloc(recordBytesToStoreTimestampMax);
  await pool.use(segments.pathOf(start), (file) => file.read(header, physicalOffset - start));
  if (readInt64(header, RecordAt.PHYSICAL_OFFSET) !== physicalOffset) return false;
  const storeTimestamp = storeTimestampOf(header);
  return storeTimestamp > 0 && storeTimestamp <= (await CheckpointFile.readLogFlushed(fileSystem, paths.checkpoint));
}
