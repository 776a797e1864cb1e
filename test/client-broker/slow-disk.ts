import type { File, FileSystem, IoCallback } from '@orbitmq/broker';
import { MemoryFileSystem } from '@orbitmq/broker';
import type { Timers } from '@orbitmq/core/kernel';

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
    return path.includes('commitlog') ? this.#slow(file) : file;
  }

  #slow(file: File): File {
    const late = (done: IoCallback): IoCallback => {
      const delayMs = this.flushDelayMs;
      return delayMs === 0 ? done : (error) => void this.#timers.setTimeout(() => done(error), delayMs);
    };
    return {
      path: file.path,
      write: (chunks, position, done) => file.write(chunks, position, done),
      datasync: (done) => file.datasync(late(done)),
      writeDurably: (chunks, position, done) => file.writeDurably(chunks, position, late(done)),
      reserve: (position, sizeBytes, done) => file.reserve(position, sizeBytes, done),
      read: (target, position) => file.read(target, position),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      size: () => file.size(),
      close: () => file.close(),
    };
  }
}
