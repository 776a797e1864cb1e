import { type File, type FileSystem, MemoryFileSystem } from '@orbitmq/broker';
import type { Timers } from '@orbitmq/core/kernel';
import { lateFlushes } from '../support/late-flushes.js';

/** A disk in memory whose flushes of the commit log take `flushDelayMs`, which a test changes as it goes. */
export class SlowDisk extends MemoryFileSystem {
  flushDelayMs = 0;
  readonly #timers: Timers;

  constructor(timers: Timers) {
    super();
    this.#timers = timers;
  }

  override async open(path: string, options: Parameters<FileSystem['open']>[1]): Promise<File> {
    const file = await super.open(path, options);
    if (!path.includes('commitlog')) return file;
    return lateFlushes(file, (done) => {
      const delayMs = this.flushDelayMs;
      return delayMs === 0 ? done : (error) => void this.#timers.setTimeout(() => done(error), delayMs);
    });
  }
}
