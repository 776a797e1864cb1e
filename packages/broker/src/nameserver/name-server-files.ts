/** What the NameServer needs of files; the store's `FileSystem` has it. Paths are absolute. */
export interface NameServerFiles {
  /** Whole content; undefined when there is no such file. */
  readFile(path: string): Promise<Buffer | undefined>;
  /** Readers see the old or the new content, also after a power cut; resolves when the new one is durable. */
  writeFileAtomically(path: string, content: Uint8Array): Promise<void>;
  makeDirectory(path: string): Promise<void>;
}

/** Makes the directory of a file. */
export async function makeDirectoryOf(files: NameServerFiles, path: string): Promise<void> {
  await files.makeDirectory(path.slice(0, path.lastIndexOf('/')) || '/');
}
