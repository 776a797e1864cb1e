import { type File, type FileSystem, nodeFileSystem } from '@orbitmq/broker';
import { lateFlushes } from './late-flushes.js';

type Release = () => void;

/**
 * The real file system, whose flushes of the commit log can be held. Everything that reads the file sees what they wait for.
 */
export class HeldDisk implements FileSystem {
  readonly #disk = nodeFileSystem();
  #held: Release[] | undefined;

  /** Flushes that wait to be told. */
  get heldCount(): number {
    return this.#held?.length ?? 0;
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const tell of held) tell();
  }

  async open(path: string, options: { readonly create: boolean }): Promise<File> {
    const file = await this.#disk.open(path, options);
    if (!path.includes('/commitlog/')) return file;
    return lateFlushes(file, (done) => (error) => {
      if (this.#held === undefined) done(error);
      else this.#held.push(() => done(error));
    });
  }

  readFile: FileSystem['readFile'] = (path) => this.#disk.readFile(path);
  writeFileAtomically: FileSystem['writeFileAtomically'] = (path, content) => this.#disk.writeFileAtomically(path, content);
  list: FileSystem['list'] = (path) => this.#disk.list(path);
  stat: FileSystem['stat'] = (path) => this.#disk.stat(path);
  makeDirectory: FileSystem['makeDirectory'] = (path) => this.#disk.makeDirectory(path);
  remove: FileSystem['remove'] = (path) => this.#disk.remove(path);
  removeDirectory: FileSystem['removeDirectory'] = (path) => this.#disk.removeDirectory(path);
  rename: FileSystem['rename'] = (from, to) => this.#disk.rename(from, to);
  usage: FileSystem['usage'] = (path) => this.#disk.usage(path);
  syncDirectory: FileSystem['syncDirectory'] = (path) => this.#disk.syncDirectory(path);
  get processId(): FileSystem['processId'] {
    return this.#disk.processId;
  }

  lock: FileSystem['lock'] = (path) => this.#disk.lock(path);
}
