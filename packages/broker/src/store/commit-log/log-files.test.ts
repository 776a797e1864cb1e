import { silentLogger } from '@orbitmq/core/kernel';
import { expect, test } from 'vitest';
import type { File, FileSystem, IoCallback } from '../io/file-system.js';
import { MemoryFileSystem } from '../io/memory-file-system.js';
import { SegmentList } from '../segment/segment-list.js';
import { LogFiles } from './log-files.js';

const sizeBytes = 262_144;

/** Notes what is done to files; reservations and removals end only when they are let. */
function observed() {
  const files = new MemoryFileSystem();
  const open = files.open.bind(files);
  const remove = files.remove.bind(files);
  const events: string[] = [];
  const held: (() => void)[] = [];
  let isHolding = false;
  const hold = (): Promise<void> => (isHolding ? new Promise((resolve) => held.push(resolve)) : Promise.resolve());
  const observe = (file: File): File => {
    const name = file.path.slice(-6);
    let isClosed = false;
    return {
      path: file.path,
      write: (chunks, position, done) => file.write(chunks, position, done),
      writeDurably: (chunks, position, done) => file.writeDurably(chunks, position, done),
      datasync: (done) => {
        events.push(`${isClosed ? 'datasync of closed' : 'datasync'} ${name}`);
        file.datasync(done);
      },
      reserve: (position, size, done) => {
        events.push(`reserving ${name}`);
        const end: IoCallback = (error) => {
          events.push(`reserved ${name}`);
          done(error);
        };
        void hold().then(() => file.reserve(position, size, end));
      },
      read: (target, position) => file.read(target, position),
      truncate: (size) => file.truncate(size),
      size: () => file.size(),
      close: async () => {
        isClosed = true;
        events.push(`close ${name}`);
        await file.close();
      },
    };
  };
  const fileSystem: FileSystem = Object.assign(files, {
    open: async (path: string, options: { readonly create: boolean }) => observe(await open(path, options)),
    remove: async (path: string) => {
      // The one that was made ahead goes at once.
      if (path.endsWith(String(sizeBytes))) await hold();
      await remove(path);
    },
  });
  return {
    fileSystem,
    events,
    holding: (isOn: boolean): void => {
      isHolding = isOn;
      if (!isOn) for (const release of held.splice(0)) release();
    },
  };
}

async function opened(fileSystem: FileSystem, reserveAheadBytes: number): Promise<LogFiles> {
  await fileSystem.makeDirectory('/log');
  const segments = new SegmentList('/log', sizeBytes);
  const files = new LogFiles({ fileSystem, segments, reserveAheadBytes, logger: silentLogger, onOutOfSpace: () => undefined });
  await files.open(0);
  return files;
}

function write(files: LogFiles, physicalOffset: number, size: number, isDurable: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    files.write([Buffer.alloc(size, 1)], physicalOffset, size, isDurable, (error) =>
      error === undefined ? resolve() : reject(error),
    );
  });
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('the log does not roll away from a file while space is being reserved in it', async () => {
  const disk = observed();
  disk.holding(true);
  const files = await opened(disk.fileSystem, 131_072);
  const rolled = write(files, sizeBytes, 100, true);
  await turns();
  expect(disk.events.filter((event) => event.startsWith('close'))).toEqual([]);
  disk.holding(false);
  await rolled;
  const ofFirst = disk.events.filter((event) => event.endsWith('000000') && !event.startsWith('datasync'));
  expect(ofFirst).toEqual(['reserving 000000', 'reserved 000000', 'close 000000']);
  await files.close();
});

test('a flush that begins while the newest file is taken back flushes no closed file', async () => {
  const disk = observed();
  const files = await opened(disk.fileSystem, 0);
  await write(files, 0, 1000, false);
  await write(files, sizeBytes, 1000, false);
  await turns();
  disk.holding(true);
  const cut = files.cut(1000);
  await turns();
  const flushed = files.flush();
  await turns();
  disk.holding(false);
  await Promise.all([cut, flushed]);
  expect(disk.events.filter((event) => event.startsWith('datasync of closed'))).toEqual([]);
  await files.close();
});
