/**
 * Apache's checkpoint (Java: StoreCheckpoint; page 20 §3.1): what an Apache broker that opens the directory needs. Our own
 * recovery goes by offsets (promises R5); only where another broker had the store, and noted none, it asks the checkpoint for what
 * was flushed. Fields that are not ours are kept as they were.
 */
import { readInt64, writeInt64 } from '@orbitmq/protocol';
import type { File, FileSystem } from '../io/file-system.js';
import { datasyncFile, writeFile } from '../io/io-promise.js';

const checkpointBytes = 4096;
const At = { PHYSIC_MSG_TIMESTAMP: 0, LOGICS_MSG_TIMESTAMP: 8, INDEX_MSG_TIMESTAMP: 16, LOGICS_PHYSICAL_OFFSET: 40 } as const;

export class CheckpointFile {
  readonly #file: File;
  readonly #content: Buffer;
  #isChanged = false;

  private constructor(file: File, content: Buffer) {
    this.#file = file;
    this.#content = content;
  }

  static async open(fileSystem: FileSystem, path: string): Promise<CheckpointFile> {
    const content = Buffer.alloc(checkpointBytes);
    (await fileSystem.readFile(path))?.copy(content, 0, 0, checkpointBytes);
    const file = await fileSystem.open(path, { create: true });
    await file.truncate(checkpointBytes);
    return new CheckpointFile(file, content);
  }

  /** What `logFlushed` wrote, by whichever broker and as it stands there; 0: there is no checkpoint. */
  static async readLogFlushed(fileSystem: FileSystem, path: string): Promise<number> {
    const content = await fileSystem.readFile(path);
    return content === undefined || content.length < 8 ? 0 : readInt64(content, At.PHYSIC_MSG_TIMESTAMP);
  }

  /** The queues are about to be built anew: an Apache broker that finds them unfinished must go through the whole log. */
  static async forgetQueues(fileSystem: FileSystem, path: string): Promise<void> {
    if ((await fileSystem.stat(path)) === undefined) return;
    const file = await CheckpointFile.open(fileSystem, path);
    try {
      file.queuesFlushed(0, 0);
      await file.write({ isFlushed: true });
    } finally {
      await file.close();
    }
  }

  /** Store time of the newest record that is on the device. */
  logFlushed(storeTimestamp: number): void {
    this.#set(At.PHYSIC_MSG_TIMESTAMP, storeTimestamp);
  }

  /** The newest record whose queue entry is on the device. */
  queuesFlushed(storeTimestamp: number, physicalOffset: number): void {
    this.#set(At.LOGICS_MSG_TIMESTAMP, storeTimestamp);
    this.#set(At.LOGICS_PHYSICAL_OFFSET, physicalOffset);
  }

  /** Store time up to which index files are full and on the device. */
  get indexMsgTimestamp(): number {
    const timestamp = readInt64(this.#content, At.INDEX_MSG_TIMESTAMP);
    return Number.isSafeInteger(timestamp) ? timestamp : 0;
  }

  indexFlushed(storeTimestamp: number): void {
    this.#set(At.INDEX_MSG_TIMESTAMP, storeTimestamp);
  }

  async write(options: { readonly isFlushed: boolean }): Promise<void> {
    if (this.#isChanged) {
      this.#isChanged = false;
      try {
        await writeFile(this.#file, [Buffer.from(this.#content)], 0);
      } catch (error) {
        this.#isChanged = true;
        throw error;
      }
    }
    if (options.isFlushed) await datasyncFile(this.#file);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #set(at: number, value: number): void {
    const before = this.#content.readBigInt64BE(at);
    writeInt64(this.#content, value, at);
    this.#isChanged ||= before !== this.#content.readBigInt64BE(at);
  }
}
