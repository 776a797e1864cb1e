/**
 * Loaded into a broker's process before it starts (`node --import`): after SIGUSR2 the device fails once under the commit
 * log, and works again afterwards, as Linux does: it reports a lost write once and then calls the pages clean. The failure
 * and every write to the log begun after it are told on the standard error stream. `FAILING_LOG` says what fails:
 * `flush`: the bytes reach the file, the flush fails (EIO) · `write`: nothing reaches it (EIO) ·
 * `full`: half of the bytes, then ENOSPC · `interval-flush`: an fdatasync of its own (EIO).
 */
import fs from 'node:fs';
import { basename } from 'node:path';

type Fault = 'flush' | 'write' | 'full' | 'interval-flush';
type WriteCallback = (error: Error | null, writtenBytes: number) => void;
type Write = (fd: number, buffer: Uint8Array, from: number, length: number, position: number, done: WriteCallback) => void;
type Writev = (fd: number, buffers: readonly Uint8Array[], position: number, done: WriteCallback) => void;

const fault = process.env['FAILING_LOG'] as Fault;
/** Descriptors of log files that a durable write goes to, and of all log files. */
const durableFiles = new Map<number, string>();
const logFiles = new Map<number, string>();
let isArmed = false;
let hasFailed = false;
let isHalfWritten = false;

process.on('SIGUSR2', () => {
  isArmed = true;
});

const real = { open: fs.open, close: fs.close, write: fs.write as Write, writev: fs.writev as Writev, fdatasync: fs.fdatasync };

function tell(line: string): void {
  fs.writeSync(2, `${line}\n`);
}

function failure(code: 'EIO' | 'ENOSPC'): Error {
  return Object.assign(new Error(`${code}: injected, write`), { code });
}

function fail(fd: number, position: number, code: 'EIO' | 'ENOSPC', done: WriteCallback): void {
  hasFailed = true;
  tell(`LOG FAILED at ${Number(basename(logFiles.get(fd) ?? '')) + position}`);
  done(failure(code), 0);
}

/** True when the write was taken over. */
function failsWrite(fd: number, chunks: readonly Uint8Array[], position: number, done: WriteCallback): boolean {
  if (!durableFiles.has(fd)) return false;
  if (hasFailed) {
    tell(`LOG WRITTEN after the failure at ${Number(basename(logFiles.get(fd) ?? '')) + position}`);
    return false;
  }
  if (isHalfWritten) {
    setImmediate(fail, fd, position, 'ENOSPC', done);
    return true;
  }
  if (!isArmed || fault === 'interval-flush') return false;
  if (fault === 'write') {
    setImmediate(fail, fd, position, 'EIO', done);
    return true;
  }
  if (fault === 'flush') {
    real.writev(fd, chunks, position, () => fail(fd, position, 'EIO', done));
    return true;
  }
  isHalfWritten = true;
  const bytes = Buffer.concat(chunks);
  real.write(fd, bytes, 0, bytes.length >> 1, position, done);
  return true;
}

const open = (path: string, flags: number, ...rest: unknown[]): void => {
  const done = rest.pop() as (error: Error | null, fd: number) => void;
  (real.open as (...values: unknown[]) => void)(path, flags, ...rest, (error: Error | null, fd: number) => {
    if (error === null && path.includes('/commitlog/')) {
      logFiles.set(fd, path);
      if ((flags & fs.constants.O_DSYNC) === fs.constants.O_DSYNC) durableFiles.set(fd, path);
    }
    done(error, fd);
  });
};

const close = (fd: number, ...rest: unknown[]): void => {
  logFiles.delete(fd);
  durableFiles.delete(fd);
  (real.close as (...values: unknown[]) => void)(fd, ...rest);
};

const write: Write = (fd, buffer, from, length, position, done) => {
  if (!failsWrite(fd, [buffer.subarray(from, from + length)], position, done)) {
    real.write(fd, buffer, from, length, position, done);
  }
};

const writev: Writev = (fd, buffers, position, done) => {
  if (!failsWrite(fd, buffers, position, done)) real.writev(fd, buffers, position, done);
};

const fdatasync = (fd: number, done: (error: Error | null) => void): void => {
  if (fault !== 'interval-flush' || !isArmed || hasFailed || !logFiles.has(fd)) {
    real.fdatasync(fd, done);
    return;
  }
  hasFailed = true;
  tell('LOG FAILED at a flush');
  setImmediate(done, failure('EIO'));
};

Object.assign(fs, { open, close, write, writev, fdatasync });
