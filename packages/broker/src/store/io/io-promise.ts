import type { File, IoCallback } from './file-system.js';

function settled(run: (done: IoCallback) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}

/** Promise forms of the callback operations, for every path that is not the append. */
export function writeFile(file: File, chunks: readonly Uint8Array[], position: number): Promise<void> {
  return settled((done) => file.write(chunks, position, done));
}

export function datasyncFile(file: File): Promise<void> {
  return settled((done) => file.datasync(done));
}

export function reserveFile(file: File, position: number, sizeBytes: number): Promise<void> {
  return settled((done) => file.reserve(position, sizeBytes, done));
}

export function writeFileDurably(file: File, chunks: readonly Uint8Array[], position: number): Promise<void> {
  return settled((done) => file.writeDurably(chunks, position, done));
}
