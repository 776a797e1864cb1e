import type { FileSystem } from '../io/file-system.js';
import { writeFileDurably } from '../io/io-promise.js';
import { parentPath } from '../io/paths.js';

/** The file `abort` (page 20 §6): it exists while a broker runs, and afterwards when the broker did not stop in order. */
export class AbortFile {
  readonly #fileSystem: FileSystem;
  readonly #path: string;

  constructor(fileSystem: FileSystem, path: string) {
    this.#fileSystem = fileSystem;
    this.#path = path;
  }

  async exists(): Promise<boolean> {
    return (await this.#fileSystem.stat(this.#path)) !== undefined;
  }

  /** Durable when it resolves: no record may be written before. */
  async create(): Promise<void> {
    const file = await this.#fileSystem.open(this.#path, { create: true });
    try {
      await file.truncate(0);
      await writeFileDurably(file, [Buffer.from(String(this.#fileSystem.processId))], 0);
    } finally {
      await file.close();
    }
    await this.#fileSystem.syncDirectory(parentPath(this.#path));
  }

  async remove(): Promise<void> {
    await this.#fileSystem.remove(this.#path);
    await this.#fileSystem.syncDirectory(parentPath(this.#path));
  }
}
