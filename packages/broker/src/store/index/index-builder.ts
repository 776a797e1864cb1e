/**
 * Brings the index up to the durable log (Java: CommitLogDispatcherBuildIndex). What is still to be indexed is a position in
 * the log and nothing else, so being behind costs no memory: what left the log's memory is read from its files. `step` works
 * without waiting and says what must be done next; only one of those things runs at a time.
 */
import type { Clock } from '@orbitmq/core/kernel';
import type { FileSystem } from '../io/file-system.js';
import { joinPath } from '../io/paths.js';
import { EntryChecksums } from './index-checksums.js';
import { IndexFile } from './index-file.js';
import { indexFileName } from './index-file-name.js';
import type { IndexFileWriter } from './index-file-writer.js';
import type { IndexLayout } from './index-layout.js';
import type { LoadedIndex } from './index-loader.js';
import type { RecordWalk } from './record-walk.js';
import { SlotTable } from './slot-table.js';

/** Records and keys handled in one turn: about a millisecond. */
const workPerStepMax = 4000;

export type BuildStep =
  /** Everything durable is indexed. */
  | 'DONE'
  /** More to do; others have their turn first. */
  | 'PAUSE'
  /** The log must be read from its file. */
  | 'LOAD'
  /** The entries in memory must go to the file. */
  | 'WRITE'
  /** A file is full, or there is none yet. */
  | 'ROLL';

export interface IndexBuilderOptions {
  readonly clock: Clock;
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly layout: IndexLayout;
  readonly writer: IndexFileWriter;
  readonly walk: RecordWalk;
  readonly pendingBytesMax: number;
  readonly durableEnd: () => number;
  /** A full file is on the device. */
  readonly onFull: (file: IndexFile) => void;
}

export class IndexBuilder {
  readonly files: IndexFile[];
  readonly #options: IndexBuilderOptions;
  /** Keys of the record at `#keysOf` that are indexed. */
  #keysDone: number;
  #keysOf: number;

  constructor(options: IndexBuilderOptions, loaded: LoadedIndex) {
    this.#options = options;
    this.files = loaded.files;
    this.#keysDone = loaded.keysDone;
    this.#keysOf = loaded.position;
  }

  /** All records before it are indexed. */
  get position(): number {
    return this.#options.walk.position;
  }

  get newest(): IndexFile | undefined {
    return this.files[this.files.length - 1];
  }

  step(): BuildStep {
    const { durableEnd, walk } = this.#options;
    const { keys } = walk;
    const end = durableEnd();
    for (let work = 0; work < workPerStepMax; work += 1 + keys.count) {
      const found = walk.look(end);
      if (found === 'END') return 'DONE';
      if (found === 'LOAD') return 'LOAD';
      if (walk.position !== this.#keysOf) this.#keysDone = 0;
      this.#keysOf = walk.position;
      for (; this.#keysDone < keys.count; this.#keysDone += 1) {
        const file = this.newest;
        if (file === undefined || file.isFull) return 'ROLL';
        if (!file.hasRoom) return 'WRITE';
        file.put(keys.hashes[this.#keysDone] as number, walk.position, keys.storeTimestamp);
      }
      walk.next();
    }
    return 'PAUSE';
  }

  load(): Promise<void> {
    return this.#options.walk.load();
  }

  /** Writes what is only in memory, without a flush. */
  async write(): Promise<void> {
    const file = this.newest;
    if (file !== undefined && file.pendingCount > 0) await this.#options.writer.writeEntries(file);
  }

  /** Brings the newest file to the device as it is: whoever opens it finds an index up to `position`. */
  async flush(): Promise<void> {
    const { writer } = this.#options;
    const file = this.newest;
    if (file?.isChanged === true) await writer.flush(file);
    if (file !== undefined) await writer.note(file);
  }

  /** Ends a full file and begins the next one. */
  async roll(): Promise<void> {
    const { clock, directory, fileSystem, layout, onFull, pendingBytesMax, writer } = this.#options;
    const full = this.newest;
    if (full !== undefined) {
      await writer.flush(full);
      // Before it counts as known to be on disk: else a crash in between would leave it without checksums for good.
      await writer.note(full);
      full.seal();
      onFull(full);
    } else await fileSystem.makeDirectory(directory);
    const path = joinPath(directory, indexFileName(clock.now(), full?.name));
    const file = new IndexFile(path, layout, {
      beginTimestamp: full?.endTimestamp ?? 0,
      endTimestamp: full?.endTimestamp ?? 0,
      beginPhysicalOffset: full?.endPhysicalOffset ?? 0,
      endPhysicalOffset: full?.endPhysicalOffset ?? 0,
      usedSlotCount: 0,
      indexCount: 1,
    });
    await writer.create(file);
    file.grow(new SlotTable(layout.slotCount), new EntryChecksums(), pendingBytesMax);
    this.files.push(file);
  }
}
