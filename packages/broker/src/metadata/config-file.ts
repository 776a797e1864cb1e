/**
 * One table of the broker as a JSON file (Java: ConfigManager; page 20 §10). Invariants: `path` and `path.bak` are never
 * both unreadable because of us; at most one write is under way; a file that cannot be read, or does not have its checksum,
 * is set aside, never replaced by an empty table (promises R6). Apache's brokers look at the same two names, and may have left
 * only the second; what they wrote has no checksum, and gets one with the next write.
 */
import { type Environment, type StopOptions, StoreError, type Timer } from '@orbitmq/core/kernel';
import { type JsonValue, parseFastjson, type Steps } from '@orbitmq/protocol';
import type { FileSystem } from '../store/io/file-system.js';
import { joinPath } from '../store/io/paths.js';
import { nextTurn } from './next-turn.js';
import { sealJson, sealJsonSteps, sealOf } from './sealed-json.js';

/** Pause before a failed background write is tried again. */
const writeRetryMsDefault = 1000;
/** How long `close` waits for the last write when its caller names no deadline. */
const closeDeadlineMsDefault = 10_000;

export interface ConfigFileOptions {
  readonly environment: Environment;
  readonly fileSystem: FileSystem;
  /** Absolute; the directory is made when it is missing. */
  readonly directory: string;
  /** `topics.json`. */
  readonly name: string;
  /**
   * The table as it is now: the text of a JSON object. Of a table that may be large, steps that make the pieces of its text
   * (`jsonInSteps`): that of the table as it is at the first of them, however it changes meanwhile.
   */
  readonly encode: () => string | Steps<readonly Buffer[]>;
  /** Awaited between `encode` and the write, called when all is encoded: what the content tells of must be on the disk before it. */
  readonly beforeWrite?: (() => Promise<void>) | undefined;
  /** Default: 1000. */
  readonly writeRetryMs?: number | undefined;
}

export class ConfigFile {
  readonly #options: ConfigFileOptions;
  readonly #path: string;
  readonly #backupPath: string;
  #changeCount = 0;
  #writtenCount = 0;
  #hasMain = false;
  #isWriteScheduled = false;
  #retryTimer: Timer | undefined;
  #writing: Promise<void> | undefined;
  /** `closing`: nobody else needs the turns of the event loop any more. */
  #state: 'open' | 'closing' | 'closed' = 'open';
  #closing: Promise<void> | undefined;

  constructor(options: ConfigFileOptions) {
    this.#options = options;
    this.#path = joinPath(options.directory, options.name);
    this.#backupPath = `${this.#path}.bak`;
  }

  /**
   * The decoded table, from the file or, when that is missing or damaged, from its backup; undefined when neither exists.
   * `decode` throws on what it cannot make sense of. Rejects with a `StoreError` `STORE_CORRUPT` when there is something
   * but nothing readable.
   */
  async load<T>(decode: (value: JsonValue) => T): Promise<T | undefined> {
    const { fileSystem, environment, name } = this.#options;
    await fileSystem.makeDirectory(this.#options.directory);
    const main = await fileSystem.readFile(this.#path);
    const fromMain = main === undefined ? undefined : tryDecode(main, decode);
    if (fromMain !== undefined && 'table' in fromMain) {
      this.#hasMain = true;
      if (!fromMain.isSealed) this.changed();
      return fromMain.table;
    }
    const backup = await fileSystem.readFile(this.#backupPath);
    const fromBackup = backup === undefined ? undefined : tryDecode(backup, decode);
    if (fromMain === undefined && fromBackup === undefined) return undefined;
    if (fromBackup === undefined || !('table' in fromBackup)) {
      const reason = fromMain?.reason ?? fromBackup?.reason;
      throw new StoreError(
        'STORE_CORRUPT',
        `${this.#path} cannot be read (${reason}), and its backup ${name}.bak is ${backup === undefined ? 'missing' : 'damaged too'}. Restore one of them, or remove both to start with an empty table`,
        { details: { path: this.#path } },
      );
    }
    environment.logger.warn(
      'a configuration file was read from its backup: what changed with its last write is as it was before',
      { path: this.#path, reason: fromMain?.reason ?? 'it is missing' },
    );
    if (fromMain !== undefined) await fileSystem.rename(this.#path, `${this.#path}.unreadable`);
    this.changed();
    return fromBackup.table;
  }

  /** Whether all changes so far are on disk. */
  get isPersisted(): boolean {
    return this.#writtenCount === this.#changeCount;
  }

  /** Changes so far. */
  get changeCount(): number {
    return this.#changeCount;
  }

  /** Changes that are on disk: the first so many. */
  get writtenCount(): number {
    return this.#writtenCount;
  }

  /** The table changed; the next `persist()` writes it. */
  changed(): void {
    this.#changeCount += 1;
  }

  /** Writes in the background; changes of one turn, and all that come while a write is under way, share a write. */
  persistSoon(): void {
    if (this.#isWriteScheduled || this.#retryTimer !== undefined || this.#state !== 'open') return;
    this.#isWriteScheduled = true;
    this.#options.environment.timers.setImmediate(() => {
      this.#isWriteScheduled = false;
      this.persist().catch((error: unknown) => this.#onBackgroundFailure(error));
    });
  }

  /** Resolves when all changes so far are on disk; rejects when the write failed (they stay pending). */
  async persist(): Promise<void> {
    const target = this.#changeCount;
    while (this.#writtenCount < target) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
  }

  /**
   * Writes what has changed a last time. Afterwards, also when that failed or took longer than the deadline, nothing is written any more:
   * it could be another broker's file by then. Rejects with the `StoreError` of the write, or of the deadline. Asked again it is the same close.
   */
  close(options: StopOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.deadlineMs ?? closeDeadlineMsDefault);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#state = 'closing';
    this.#retryTimer?.cancel();
    // One that is under way may fail, and has not all changes.
    const written = (this.#writing ?? Promise.resolve()).catch(() => undefined).then(() => this.persist());
    try {
      await new Promise<void>((resolve, reject) => {
        const deadline = this.#options.environment.timers.setTimeout(() => {
          const text = `${this.#path} was not written within ${deadlineMs} ms: the disk is busy`;
          reject(new StoreError('STORE_IO_FAILED', text, { details: { path: this.#path } }));
        }, deadlineMs);
        written.then(resolve, reject).finally(() => deadline.cancel());
      });
    } finally {
      this.#state = 'closed';
    }
  }

  async #write(): Promise<void> {
    const { fileSystem, beforeWrite } = this.#options;
    const count = this.#changeCount;
    // What changes while the table is encoded, over several turns, is not in the content, and stays pending.
    const content = await this.#content();
    if (beforeWrite !== undefined) await beforeWrite();
    this.#checkOpen();
    if (this.#hasMain) {
      // The old content stays readable under one of the two names at every moment, also after a power cut.
      await fileSystem.rename(this.#path, this.#backupPath);
      this.#hasMain = false;
      this.#checkOpen();
    }
    await fileSystem.writeFileAtomically(this.#path, content);
    this.#hasMain = true;
    this.#writtenCount = count;
  }

  /** Of the table as it is in the turn of the call. */
  async #content(): Promise<Buffer> {
    const encoded = this.#options.encode();
    if (typeof encoded === 'string') return sealJson(encoded);
    const steps = sealed(encoded);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (this.#state === 'open') await nextTurn(this.#options.environment.timers);
    }
  }

  #checkOpen(): void {
    if (this.#state !== 'closed') return;
    throw new StoreError('STORE_IO_FAILED', `${this.#path} is not written after the stop`, { details: { path: this.#path } });
  }

  #onBackgroundFailure(error: unknown): void {
    if (this.#state !== 'open') return;
    const { environment } = this.#options;
    environment.logger.error('a configuration file could not be written; it will be tried again', { path: this.#path, error });
    this.#retryTimer ??= environment.timers
      .setTimeout(() => {
        this.#retryTimer = undefined;
        this.persistSoon();
      }, this.#options.writeRetryMs ?? writeRetryMsDefault)
      .unref();
  }
}

function* sealed(encoded: Steps<readonly Buffer[]>): Steps<Buffer> {
  return yield* sealJsonSteps(yield* encoded);
}

type Decoded<T> = { readonly table: T; readonly isSealed: boolean } | { readonly reason: string };

function tryDecode<T>(content: Buffer, decode: (value: JsonValue) => T): Decoded<T> {
  if (content.length === 0) return { reason: 'it is empty' };
  const seal = sealOf(content);
  if (seal === 'damaged')
    return { reason: 'it does not have its checksum; to change it by hand, take the member orbitmqCrc32 out' };
  try {
    // Only a foreign writer, fastjson, refers back; what this broker took and wrote is read again, however much it is.
    const { POSITIVE_INFINITY } = Number;
    const options = { valuesMax: POSITIVE_INFINITY, escapesMax: POSITIVE_INFINITY, resolvesReferences: seal === 'none' };
    return { table: decode(parseFastjson(content.toString('utf8'), options)), isSealed: seal === 'intact' };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
