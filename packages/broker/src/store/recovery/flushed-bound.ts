/**
 * Below which place a damaged record is corruption and never a torn write. This broker notes it (`FlushedOffsetFile`). Of a log that
 * another one wrote nothing is noted, and it may have been killed: then it is a guess by what brokers do. They flush a file as a whole
 * when they go on to the next one, so that only the last two files with data can have records that are not on the device; and they
 * keep the store time of the newest record that is.
 */
import type { FileSystem } from '../io/file-system.js';
import { beginsWithData } from '../segment/begins-with-data.js';
import type { FilePool } from '../segment/file-pool.js';
import type { SegmentList } from '../segment/segment-list.js';
import type { StorePaths } from '../store-paths.js';
import { CheckpointFile } from './checkpoint-file.js';
import type { FlushedOffsetFile } from './flushed-offset-file.js';
import { hasForeignLog } from './last-opener.js';

export interface FlushedBound {
  /** The log is on the device up to here at least. */
  readonly offset: number;
  /** What this broker noted of it; 0: nothing. */
  readonly noted: number;
  /** Only this broker wrote to the log since: what is behind `offset` was written later. */
  readonly isKnown: boolean;
  /** Store time of the newest record on the device, by Apache's checkpoint; 0: unknown, or not needed. */
  readonly timestamp: number;
}

export interface FlushedBoundOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly segments: SegmentList;
  readonly flushedOffsetFile: FlushedOffsetFile;
  readonly paths: StorePaths;
}

export async function flushedBound(options: FlushedBoundOptions): Promise<FlushedBound> {
  const { fileSystem, flushedOffsetFile, paths, segments } = options;
  const noted = flushedOffsetFile.flushedOffset;
  const isKnown = flushedOffsetFile.isKnown && !(await hasForeignLog(fileSystem, paths));
  if (isKnown) return { offset: noted, noted, isKnown, timestamp: 0 };
  const timestamp = await CheckpointFile.readLogFlushed(fileSystem, paths.checkpoint);
  const beforeLast = (await lastStartWithData(options)) - segments.sizeBytes;
  const offset = Math.max(noted, beforeLast > segments.firstOffset ? beforeLast : 0);
  return { offset, noted, isKnown, timestamp: Number.isSafeInteger(timestamp) ? timestamp : 0 };
}

/** Start of the newest file that begins with data; brokers make files ahead. */
async function lastStartWithData({ pool, segments }: FlushedBoundOptions): Promise<number> {
  for (let start = segments.endOffset - segments.sizeBytes; start > segments.firstOffset; start -= segments.sizeBytes) {
    if (await beginsWithData(pool, segments.pathOf(start))) return start;
  }
  return segments.firstOffset;
}
