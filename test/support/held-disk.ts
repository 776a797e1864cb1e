import { type File, type FileSystem, type IoCallback, nodeFileSystem } from '@orbitmq/broker';

type Release = () => void;

/**
 * The real file system, whose flushes of the commit log can be held: the bytes are in the file, so that everything that
 * reads the file sees them, but nobody has been told that they are on the device.
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
    const late =
      (done: IoCallback): IoCallback =>
      (error) => {
        if (this.#held === undefined) done(error);
        else this.#held.push(() => done(error));
      };
    return {
      path,
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
