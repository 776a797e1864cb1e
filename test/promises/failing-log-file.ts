/**
 * Loaded into a broker's process before it starts (`node --import`): after SIGUSR2 the device fails once under the commit
 * log, and works again afterwards, as Linux does: it reports a lost write once and then calls the pages clean. The failure
 * and every write to the log begun after it are told on the standard error stream. `FAILING_LOG` says what fails:
 * `flush`: the bytes reach the file, the flush fails (EIO) · `write`: nothing reaches it (EIO) ·
 * `interval-flush`: an fdatasync of its own (EIO) · `queue-write`, `queue-flush`, `state-write`: the same for a file of the
 * consume queues, or of the state beside the log (checksums are none: what they tell of can be told again).
 */
import fs from 'node:fs';
import { basename } from 'node:path';

type Fault = 'flush' | 'write' | 'interval-flush' | 'queue-write' | 'queue-flush' | 'state-write';
type WriteCallback = (error: Error | null, writtenBytes: number) => void;
type Write = (fd: number, buffer: Uint8Array, from: number, length: number, position: number, done: WriteCallback) => void;
type Writev = (fd: number, buffers: readonly Uint8Array[], position: number, done: WriteCallback) => void;

const fault = process.env['FAILING_LOG'] as Fault;
/** Descriptors of log files that a durable write goes to, and of all log files. */
const durableFiles = new Map<number, string>();
const logFiles = new Map<number, string>();
/** Of the files that another fault than one of the log is for. */
const otherFiles = new Set<number>();
const otherPath = fault.startsWith('queue') ? '/consumequeue/' : fault === 'state-write' ? '/orbitmq/' : undefined;
let isArmed = false;
let hasFailed = false;

process.on('SIGUSR2', () => {
  isArmed = true;
});

const real = { open: fs.open, close: fs.close, write: fs.write as Write, writev: fs.writev as Writev, fdatasync: fs.fdatasync };

function tell(line: string): void {
  fs.writeSync(2, `${line}\n`);
}

function failure(): Error {
  return Object.assign(new Error('EIO: injected, write'), { code: 'EIO' });
}

function fail(fd: number, position: number, done: WriteCallback): void {
  hasFailed = true;
  tell(`LOG FAILED at ${Number(basename(logFiles.get(fd) ?? '')) + position}`);
  done(failure(), 0);
}

/** An operation on another file than the log's fails. */
function failsOther(fd: number, kind: 'write' | 'flush', done: (error: Error) => void): boolean {
  if (!isArmed || hasFailed || !otherFiles.has(fd) || fault.endsWith('flush') !== (kind === 'flush')) return false;
  hasFailed = true;
  tell('LOG FAILED at a file beside it');
  setImmediate(done, failure());
  return true;
}

/** True when the write was taken over. */
function failsWrite(fd: number, chunks: readonly Uint8Array[], position: number, done: WriteCallback): boolean {
  if (otherPath !== undefined) return failsOther(fd, 'write', (error) => done(error, 0));
  if (!durableFiles.has(fd)) return false;
  if (hasFailed) {
    tell(`LOG WRITTEN after the failure at ${Number(basename(logFiles.get(fd) ?? '')) + position}`);
    return false;
  }
  if (!isArmed || fault === 'interval-flush') return false;
  if (fault === 'write') {
    setImmediate(fail, fd, position, done);
    return true;
  }
  real.writev(fd, chunks, position, () => fail(fd, position, done));
  return true;
}

const open = (path: string, flags: number, ...rest: unknown[]): void => {
  const done = rest.pop() as (error: Error | null, fd: number) => void;
  (real.open as (...values: unknown[]) => void)(path, flags, ...rest, (error: Error | null, fd: number) => {
    if (error === null && path.includes('/commitlog/')) {
      logFiles.set(fd, path);
      if ((flags & fs.constants.O_DSYNC) === fs.constants.O_DSYNC) durableFiles.set(fd, path);
    }
    if (error === null && otherPath !== undefined && path.includes(otherPath) && !path.includes('checksums/')) otherFiles.add(fd);
    done(error, fd);
  });
};

const close = (fd: number, ...rest: unknown[]): void => {
  logFiles.delete(fd);
  durableFiles.delete(fd);
  otherFiles.delete(fd);
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
  if (otherPath !== undefined && failsOther(fd, 'flush', done)) return;
  if (fault !== 'interval-flush' || !isArmed || hasFailed || !logFiles.has(fd)) {
    real.fdatasync(fd, done);
    return;
  }
  hasFailed = true;
  tell('LOG FAILED at a flush');
  setImmediate(done, failure());
};

Object.assign(fs, { open, close, write, writev, fdatasync });
