import { MemoryFileSystem } from '@orbitmq/broker';

/** What a killed process leaves: the same files, held by nobody. */
export async function copyOf(files: MemoryFileSystem): Promise<MemoryFileSystem> {
  const copy = new MemoryFileSystem();
  const walk = async (directory: string): Promise<void> => {
    await copy.makeDirectory(directory);
    for (const { isDirectory, name } of (await files.list(directory)) ?? []) {
      const path = `${directory}/${name}`;
      if (isDirectory) await walk(path);
      else await copy.writeFileAtomically(path, (await files.readFile(path)) ?? Buffer.alloc(0));
    }
  };
  await walk('/data');
  return copy;
}

/** Lets `count` changes of names through, and no operation that follows end: who uses the files is as good as killed. Tells whether it is. */
export function neverAfter(files: MemoryFileSystem, count: number): () => boolean {
  let left = count;
  let isDead = false;
  const mortal = <Arguments extends readonly unknown[], Result>(
    operation: (...given: Arguments) => Promise<Result>,
  ): ((...given: Arguments) => Promise<Result>) => {
    return (...given) => {
      if (left === 0) isDead = true;
      left -= 1;
      return isDead ? new Promise<Result>(() => undefined) : operation(...given);
    };
  };
  files.makeDirectory = mortal(files.makeDirectory.bind(files));
  files.remove = mortal(files.remove.bind(files));
  files.removeDirectory = mortal(files.removeDirectory.bind(files));
  files.writeFileAtomically = mortal(files.writeFileAtomically.bind(files));
  files.open = mortal(files.open.bind(files));
  files.syncDirectory = mortal(files.syncDirectory.bind(files));
  return () => isDead;
}
