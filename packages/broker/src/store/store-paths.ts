import { joinPath } from './io/paths.js';

/** Where a store keeps what (Java: StorePathConfigHelper; page 20 §1). */
export interface StorePaths {
  readonly root: string;
  readonly commitLog: string;
  readonly consumeQueue: string;
  readonly index: string;
  readonly checkpoint: string;
  readonly abort: string;
  readonly lock: string;
  /** Our own additions: other brokers ignore the directory. */
  readonly own: string;
  readonly flushedOffset: string;
  readonly queueEnds: string;
  /** What a repair leaves for the next start: see `QueueRecovery`. */
  readonly rebuildOrder: string;
  readonly checksums: string;
  readonly indexChecksums: string;
}

export function storePaths(config: { readonly storePathRootDir: string; readonly storePathCommitLog: string }): StorePaths {
  const root = config.storePathRootDir;
  const own = joinPath(root, 'orbitmq');
  return {
    root,
    commitLog: config.storePathCommitLog === '' ? joinPath(root, 'commitlog') : config.storePathCommitLog,
    consumeQueue: joinPath(root, 'consumequeue'),
    index: joinPath(root, 'index'),
    checkpoint: joinPath(root, 'checkpoint'),
    abort: joinPath(root, 'abort'),
    lock: joinPath(root, 'lock'),
    own,
    flushedOffset: joinPath(own, 'flushed-offset'),
    queueEnds: joinPath(own, 'queue-ends.json'),
    rebuildOrder: joinPath(own, 'rebuild-order.json'),
    checksums: joinPath(own, 'checksums'),
    indexChecksums: joinPath(own, 'index-checksums'),
  };
}
