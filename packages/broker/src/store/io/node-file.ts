import fs from 'node:fs';
import type { File, IoCallback } from './file-system.js';
import { ioError } from './io-error.js';

/** libuv takes at most this many vectors in one call (IOV_MAX). */
const vectorCountMax = 1024;

/** Zeros are written in pieces of this size from one shared buffer. */
const zerosSizeBytes = 1_048_576;
let zeros: Buffer | undefined;

/** O_DSYNC is one system call where `write` and `fdatasync` are two trips through the thread pool; on macOS it would not reach the device. */
const dsyncFlag = process.platform === 'linux' ? fs.constants.O_DSYNC : 0;

/** What is left of `chunks` behind `skipBytes`. */
function rest(chunks: readonly Uint8Array[], skipBytes: number): readonly Uint8Array[] {
  let skip = skipBytes;
  for (let index = 0; index < chunks.length; index += 1) {
    const chunk = chunks[index] as Uint8Array;
    if (skip < chunk.length) return [chunk.subarray(skip), ...chunks.slice(index + 1)];
    skip -= chunk.length;
  }
  return [];
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  let sizeBytes = 0;
  for (const chunk of chunks) sizeBytes += chunk.length;
  return sizeBytes;
}

/** One positioned write of everything: short writes are continued until an error or the end. */
function writeFully(fd: number, path: string, chunks: readonly Uint8Array[], position: number, done: IoCallback): void {
  const vectors = chunks.length > vectorCountMax ? chunks.slice(0, vectorCountMax) : chunks;
  const expectedBytes = sizeOf(chunks);
  const onWritten = (error: Error | null, writtenBytes: number): void => {
    if (error !== null) done(ioError('write', path, error));
    else if (writtenBytes === expectedBytes) done(undefined);
    else if (writtenBytes === 0) done(ioError('write', path, new Error('the system wrote nothing')));
    else writeFully(fd, path, rest(chunks, writtenBytes), position + writtenBytes, done);
  };
  const only = vectors[0];
  if (only === undefined) fs.write(fd, new Uint8Array(0), 0, 0, position, onWritten);
  else if (vectors.length === 1) fs.write(fd, only, 0, only.length, position, onWritten);
  else fs.writev(fd, vectors as NodeJS.ArrayBufferView[], position, onWritten);
}

/** A file behind Node's asynchronous calls: the event loop never waits for the disk. */
export class NodeFile implements File {
  readonly path: string;
  readonly #fd: number;
  /** The second descriptor, opened with O_DSYNC at the first durable write. */
  #durableFd = -1;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  write(chunks: readonly Uint8Array[], position: number, done: IoCallback): void {
    writeFully(this.#fd, this.path, chunks, position, done);
  }

  datasync(done: IoCallback): void {
    fs.fdatasync(this.#fd, (error) => done(error === null ? undefined : ioError('flush', this.path, error)));
  }

  writeDurably(chunks: readonly Uint8Array[], position: number, done: IoCallback): void {
    if (dsyncFlag === 0) {
      this.write(chunks, position, (error) => {
        if (error === undefined) this.datasync(done);
        else done(error);
      });
      return;
    }
    if (this.#durableFd >= 0) {
      writeFully(this.#durableFd, this.path, chunks, position, done);
      return;
    }
    fs.open(this.path, fs.constants.O_RDWR | dsyncFlag, (error, fd) => {
      if (error !== null) {
        done(ioError('open', this.path, error));
        return;
      }
      this.#durableFd = fd;
      writeFully(fd, this.path, chunks, position, done);
    });
  }

  reserve(position: number, sizeBytes: number, done: IoCallback): void {
    zeros ??= Buffer.alloc(zerosSizeBytes);
    const pieces: Uint8Array[] = [];
    for (let left = sizeBytes; left > 0; left -= zerosSizeBytes) {
      pieces.push(left >= zerosSizeBytes ? zeros : zeros.subarray(0, left));
    }
    this.write(pieces, position, done);
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const readOn = (filled: number): void => {
        fs.read(this.#fd, target, filled, target.length - filled, position + filled, (error, readBytes) => {
          if (error !== null) reject(ioError('read', this.path, error));
          else if (readBytes === 0 || filled + readBytes === target.length) resolve(filled + readBytes);
          else readOn(filled + readBytes);
        });
      };
      readOn(0);
    });
  }

  truncate(sizeBytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.ftruncate(this.#fd, sizeBytes, (error) => {
        if (error === null) resolve();
        else reject(ioError('resize', this.path, error));
      });
    });
  }

  size(): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.fstat(this.#fd, (error, stats) => {
        if (error === null) resolve(stats.size);
        else reject(ioError('read', this.path, error));
      });
    });
  }

  async close(): Promise<void> {
    const durableFd = this.#durableFd;
    this.#durableFd = -1;
    if (durableFd >= 0) await closeDescriptor(durableFd, this.path);
    await closeDescriptor(this.#fd, this.path);
  }
}

function closeDescriptor(fd: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.close(fd, (error) => {
      if (error === null) resolve();
      else reject(ioError('close', path, error));
    });
  });
}
