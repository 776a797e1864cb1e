/**
 * A small text that the NameServer keeps: the file and, as Apache's `MixAll.string2File`, its last content beside it as `.bak`.
 * Invariants: from the first write on the file is never missing, and one of the two is complete at any moment. A file that could not
 * be read never takes the backup's place: the backup stays until the next content is durable.
 */
import { type Logger, StoreError } from '@orbitmq/core/kernel';
import { makeDirectoryOf, type NameServerFiles } from './name-server-files.js';

export class KeptFile {
  readonly #files: NameServerFiles;
  readonly #path: string;
  readonly #logger: Logger;
  /** What the file holds was refused, and the backup is the only good copy. */
  #isDamaged = false;

  constructor(files: NameServerFiles, path: string, logger: Logger) {
    this.#files = files;
    this.#path = path;
    this.#logger = logger;
  }

  /**
   * The decoded content, or that of the backup when the file is missing, empty or cannot be decoded (`decode` throws); undefined
   * when neither has any. Rejects with a `StoreError` `STORE_CORRUPT` when what is there cannot be decoded.
   */
  async read<T>(decode: (text: string) => T): Promise<T | undefined> {
    const content = await this.#files.readFile(this.#path);
    if (content === undefined || content.length === 0) {
      const backup = await this.#files.readFile(this.#backupPath);
      return backup === undefined || backup.length === 0
        ? undefined
        : this.#decodeBackup(backup, decode, 'the file is missing or empty');
    }
    try {
      return decode(content.toString('utf8'));
    } catch (cause) {
      return this.#decodeBackup(await this.#files.readFile(this.#backupPath), decode, cause);
    }
  }

  #decodeBackup<T>(backup: Buffer | undefined, decode: (text: string) => T, cause: unknown): T {
    const decoded = backup === undefined ? undefined : tryDecode(backup, decode);
    if (decoded === undefined) {
      throw new StoreError('STORE_CORRUPT', `${this.#path} cannot be read, and ${this.#backupPath} is of no help`, { cause });
    }
    this.#isDamaged = true;
    this.#logger.warn('a file cannot be read; its backup is used, without the last change', { path: this.#path, cause });
    return decoded.value;
  }

  /** Resolves when the text is durable. One call at a time. */
  async write(text: string): Promise<void> {
    await makeDirectoryOf(this.#files, this.#path);
    const old = this.#isDamaged ? undefined : await this.#files.readFile(this.#path);
    if (old !== undefined && old.length > 0) await this.#files.writeFileAtomically(this.#backupPath, old);
    await this.#files.writeFileAtomically(this.#path, Buffer.from(text, 'utf8'));
    this.#isDamaged = false;
  }

  get #backupPath(): string {
    return `${this.#path}.bak`;
  }
}

function tryDecode<T>(content: Buffer, decode: (text: string) => T): { readonly value: T } | undefined {
  try {
    return { value: decode(content.toString('utf8')) };
  } catch {
    return undefined;
  }
}
