/**
 * The exclusive lock of a store directory (Java: an fcntl lock on the file `lock`, which Node cannot take). Invariants: two
 * live holders are impossible, kill -9 releases, nothing stale can keep a store closed.
 *
 * - The holder listens on a local socket whose name is made of the directory's device and inode: on Linux in the abstract
 *   namespace, on Windows a named pipe. Binding it is atomic, and the system takes it back when the process dies, however
 *   it dies. Elsewhere it is a socket file in the temporary directory; a dead one is told by connecting to it.
 * - Who connects is told the holder's process id, for the error message.
 * - An Apache broker's fcntl lock on the same file is seen in `/proc/locks`.
 *
 * Containers that share the directory but not the network namespace do not see each other's lock.
 */
import { promises as fsp } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { StoreError } from '@orbitmq/core/kernel';
import type { FileLock } from './file-system.js';
import { errorCodeOf, ioError, otherDirectoryAdvice } from './io-error.js';
import { parentPath } from './paths.js';

const askTimeoutMs = 2000;

function socketName(device: number, inode: number): string {
  const name = `orbitmq-store-${device}-${inode}`;
  if (process.platform === 'linux') return `\0${name}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  return `${tmpdir()}/${name}.sock`;
}

function listen(name: string): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(String(process.pid));
    });
    server.once('error', reject);
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** The holder's process id; undefined when nobody answers. */
function askHolder(name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect(name);
    socket.setTimeout(askTimeoutMs, () => socket.destroy());
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(answer === '' ? undefined : answer));
  });
}

function lockedError(path: string, holder: string | undefined): StoreError {
  const who = holder === undefined ? 'another process' : `process ${holder}`;
  return new StoreError(
    'STORE_LOCKED',
    `The store ${parentPath(path)} is in use by ${who}: stop that broker, or ${otherDirectoryAdvice}`,
    { details: { path, holder } },
  );
}

/** The process that has an fcntl lock on the file, as a broker in Java does. */
async function fcntlHolder(path: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  let table: string;
  try {
    table = await fsp.readFile('/proc/locks', 'latin1');
  } catch {
    return undefined; // Not mounted or not readable: there is nothing to see.
  }
  const { ino, dev } = await fsp.stat(path);
  // The kernel's own split of a device number into major and minor.
  const major = ((dev >>> 8) & 0xfff).toString(16).padStart(2, '0');
  const minor = ((dev & 0xff) | ((dev >>> 12) & 0xfff00)).toString(16).padStart(2, '0');
  for (const line of table.split('\n')) {
    const [, kind, , mode, pid, place] = line.trim().split(/\s+/);
    if (kind === 'POSIX' && mode === 'WRITE' && place === `${major}:${minor}:${ino}`) return pid;
  }
  return undefined;
}

async function listenOrRefuse(path: string, name: string): Promise<net.Server> {
  try {
    return await listen(name);
  } catch (error) {
    if (errorCodeOf(error) !== 'EADDRINUSE') throw ioError('lock', path, error);
  }
  const holder = await askHolder(name);
  const canBeStale = process.platform !== 'linux' && process.platform !== 'win32';
  if (holder !== undefined || !canBeStale) throw lockedError(path, holder);
  await fsp.rm(name, { force: true });
  try {
    return await listen(name);
  } catch (error) {
    if (errorCodeOf(error) === 'EADDRINUSE') throw lockedError(path, undefined);
    throw ioError('lock', path, error);
  }
}

function closeServer(server: net.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** Takes the lock of the directory in which the file `path` is. The file is made when it is missing; its content stays (see `last-opener`). */
export async function lockDirectory(path: string): Promise<FileLock> {
  let identity: { readonly dev: number; readonly ino: number };
  try {
    identity = await fsp.stat(parentPath(path));
  } catch (error) {
    throw ioError('lock', path, error);
  }
  const server = await listenOrRefuse(path, socketName(identity.dev, identity.ino));
  try {
    await fsp.appendFile(path, '', { mode: 0o644 });
    const foreign = await fcntlHolder(path);
    if (foreign !== undefined) throw lockedError(path, foreign);
  } catch (error) {
    await closeServer(server);
    throw ioError('lock', path, error);
  }
  let isReleased = false;
  return {
    release: async () => {
      if (isReleased) return;
      isReleased = true;
      await closeServer(server);
    },
  };
}
