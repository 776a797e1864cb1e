import { silentLogger } from '@orbitmq/core/kernel';
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../io/memory-file-system.js';
import { storePaths } from '../store-paths.js';
import { checkFormat } from './check-format.js';
import { RocksLogSearch, rocksLogBlockBytes } from './rocks-log-search.js';

const key = 'sys_topic_scan_offset_checkpoint';

/** As RocksDB writes a log: the records one after the other, cut where a block ends. */
function logOf(records: readonly Buffer[], isRecyclable = false): Buffer {
  const headerBytes = isRecyclable ? 11 : 7;
  const pieces: Buffer[] = [];
  let inBlock = 0;
  const append = (bytes: Buffer): void => {
    pieces.push(bytes);
    inBlock = (inBlock + bytes.length) % rocksLogBlockBytes;
  };
  for (const record of records) {
    let at = 0;
    do {
      if (rocksLogBlockBytes - inBlock < headerBytes) append(Buffer.alloc(rocksLogBlockBytes - inBlock));
      const size = Math.min(record.length - at, rocksLogBlockBytes - inBlock - headerBytes);
      const isFirst = at === 0;
      const isLast = at + size === record.length;
      const header = Buffer.alloc(headerBytes, 0xee);
      header.writeUInt16LE(size, 4);
      header.writeUInt8((isFirst ? (isLast ? 1 : 2) : isLast ? 4 : 3) + (isRecyclable ? 4 : 0), 6);
      append(Buffer.concat([header, record.subarray(at, at + size)]));
      at += size;
    } while (at < record.length);
  }
  return Buffer.concat(pieces);
}

function isFound(log: Buffer, keys: readonly string[] = ['other', key]): boolean {
  const search = new RocksLogSearch(keys.map((each) => Buffer.from(each)));
  // In one memory, as whoever reads a file block by block has it.
  const memory = Buffer.alloc(rocksLogBlockBytes);
  for (let at = 0; at < log.length; at += rocksLogBlockBytes) {
    if (search.isIn(memory.subarray(0, log.copy(memory, 0, at, at + rocksLogBlockBytes)))) return true;
  }
  return false;
}

const filler = (sizeBytes: number): Buffer => Buffer.alloc(sizeBytes, 'x');
const withKey = (before: number, after: number): Buffer => Buffer.concat([filler(before), Buffer.from(key), filler(after)]);

test.each([false, true])('a key is found wherever the edge of a block cuts it, recyclable records: %s', (isRecyclable) => {
  const headerBytes = isRecyclable ? 11 : 7;
  for (let shift = -20; shift <= key.length + 20; shift += 1) {
    // Small records up to near the edge, then the one with the key, whose first byte is `shift` before it.
    const smallBytes = rocksLogBlockBytes - 3000 - headerBytes;
    const before = 3000 - headerBytes - shift;
    for (const after of [50, 40_000]) {
      expect(isFound(logOf([filler(smallBytes), withKey(before, after), filler(10)], isRecyclable)), `${shift}`).toBe(true);
    }
    // The first piece begins so near to the edge that it has a few bytes or none, and the key is all of the record.
    const room = Math.max(0, shift);
    const near = rocksLogBlockBytes - headerBytes - (headerBytes + room);
    expect(isFound(logOf([filler(near), withKey(0, 0)], isRecyclable)), `near ${shift}`).toBe(true);
    // Behind whole blocks of one record.
    const large = 3 * (rocksLogBlockBytes - headerBytes) - shift;
    expect(isFound(logOf([withKey(large, 40_000)], isRecyclable)), `large ${shift}`).toBe(true);
  }
});

test('what only looks like a key is none: pieces of two records, and a key without its end', () => {
  const [start, end] = [key.slice(0, 15), key.slice(15)];
  const toEdge = (tail: string, typeOf: number): Buffer => {
    const piece = Buffer.concat([filler(rocksLogBlockBytes - 7 - tail.length), Buffer.from(tail)]);
    const block = logOf([piece]);
    block.writeUInt8(typeOf, 6);
    return block;
  };
  // A whole record at the end of its block, and a first piece that nothing goes on with, before a record that begins like the rest.
  for (const type of [1, 2, 4]) {
    expect(isFound(Buffer.concat([toEdge(start, type), logOf([Buffer.from(end)])])), `${type}`).toBe(false);
  }
  const last = logOf([Buffer.from(end)]);
  last.writeUInt8(4, 6);
  expect(isFound(Buffer.concat([toEdge(start, 2), last]))).toBe(true);
  expect(isFound(Buffer.concat([toEdge(start, 2), logOf([filler(3)]), last]))).toBe(false);
  expect(isFound(logOf([filler(rocksLogBlockBytes - 7 - 7 - 15), Buffer.from(key.slice(0, -1))]))).toBe(false);
  expect(isFound(Buffer.alloc(100_000))).toBe(false);
});

test('bytes that are no log end no search: they are looked at as they are', () => {
  for (const sizeBytes of [0, 1, 6, 7, 8, 5000, rocksLogBlockBytes - 1]) {
    for (const fill of [0, 1, 3, 255]) {
      const noise = Buffer.alloc(sizeBytes, fill);
      expect(isFound(noise)).toBe(false);
      expect(isFound(Buffer.concat([noise, Buffer.from(key)]).subarray(0, rocksLogBlockBytes))).toBe(
        sizeBytes + key.length <= rocksLogBlockBytes,
      );
    }
  }
});

test('a directory with timers in RocksDB is refused, also when an edge that is one of two reads cuts the checkpoint', async () => {
  for (const blocksBefore of [1, 32]) {
    for (const [name, cut] of [
      ['000012.log', 9],
      ['MANIFEST-000005', 18],
    ] as const) {
      const fileSystem = new MemoryFileSystem();
      await fileSystem.makeDirectory('/store/rocksdbstore');
      const before = blocksBefore * (rocksLogBlockBytes - 7) - cut;
      const log = logOf([Buffer.concat([filler(before), Buffer.from('timeline_checkpoint'), filler(100)])]);
      await fileSystem.writeFileAtomically(`/store/rocksdbstore/${name}`, log);
      const paths = storePaths({ storePathRootDir: '/store', storePathCommitLog: '' });
      const checked = checkFormat({ fileSystem, paths, logger: silentLogger, servesTimers: true });
      await expect(checked).rejects.toMatchObject({ code: 'STORE_FORMAT_UNSUPPORTED', details: { path: '/store/rocksdbstore' } });
    }
  }
});
