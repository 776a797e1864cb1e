import { encodeRecord, maskedCrc32 } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import type { File } from '../io/file-system.js';
import { MemoryFileSystem } from '../io/memory-file-system.js';
import { FilePool } from '../segment/file-pool.js';
import { SegmentList } from '../segment/segment-list.js';
import { type LogScanOptions, scanLog } from './log-scanner.js';

const host = Buffer.from([127, 0, 0, 1, 0, 0, 0x2a, 0x9f]);

function record(
  physicalOffset: number,
  queueOffset: number,
  bodyBytes: number,
  properties = Buffer.from('KEYS\u0001k\u0002'),
): Buffer {
  const target = Buffer.alloc(bodyBytes + 200 + properties.length);
  const parts = {
    topicBytes: Buffer.from('Topic'),
    queueId: 3,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.alloc(bodyBytes, 7),
    properties,
  };
  return target.subarray(0, encodeRecord(target, 0, parts, { queueOffset, physicalOffset, storeTimestamp: 1000 + queueOffset }));
}

function optionsOf(pool: FilePool, segments: SegmentList): LogScanOptions {
  return {
    segments,
    pool,
    checksums: undefined,
    from: segments.firstOffset,
    suspectFrom: Number.POSITIVE_INFINITY,
    verifiesPropertyCrc: false,
    onRecord: () => undefined,
    onPause: async () => undefined,
  };
}

/** A log whose records are made when they are read: its size costs nothing. */
class EndlessLog extends MemoryFileSystem {
  readonly buffers = new Set<ArrayBufferLike>();
  readonly #template: Buffer;
  readonly #perFile: number;
  readonly #fileBytes: number;

  constructor(template: Buffer, fileBytes: number) {
    super();
    this.#template = template;
    this.#fileBytes = fileBytes;
    this.#perFile = Math.floor((fileBytes - 8) / template.length);
  }

  override async open(path: string): Promise<File> {
    const start = Number(path.slice(path.lastIndexOf('/') + 1));
    const nothing = async (): Promise<void> => undefined;
    return {
      path,
      write: () => undefined,
      datasync: () => undefined,
      writeDurably: () => undefined,
      reserve: () => undefined,
      read: async (target, position) => this.#read(target as Buffer, start, position),
      truncate: nothing,
      size: async () => this.#fileBytes,
      close: nothing,
    };
  }

  #read(target: Buffer, start: number, position: number): number {
    this.buffers.add(target.buffer);
    const template = this.#template;
    const blankAt = this.#perFile * template.length;
    for (let at = position; at < position + target.length; ) {
      if (at >= blankAt) {
        const blank = Buffer.alloc(8);
        blank.writeInt32BE(this.#fileBytes - blankAt, 0);
        blank.writeInt32BE(-875286124, 4);
        target.fill(0, at - position);
        blank.subarray(Math.min(8, at - blankAt)).copy(target, at - position);
        break;
      }
      const index = Math.floor(at / template.length);
      template.writeBigInt64BE(BigInt(start + index * template.length), 28);
      at += template.copy(target, at - position, at % template.length);
    }
    return target.length;
  }
}

test('4 GiB of log are read in two buffers and a small rest, with progress all the way', async () => {
  const fileBytes = 1_073_741_824;
  const template = record(0, 0, 131_072);
  const files = new EndlessLog(template, fileBytes);
  const segments = new SegmentList('/log', fileBytes);
  for (let index = 0; index < 4; index += 1) segments.add(index * fileBytes);
  let records = 0;
  let pauses = 0;
  const end = await scanLog({
    ...optionsOf(new FilePool(files, 4), segments),
    onRecord: () => {
      records += 1;
    },
    onPause: async () => {
      pauses += 1;
    },
  });
  expect(end).toEqual({ physicalEnd: 4 * fileBytes, damage: undefined });
  expect(records).toBe(4 * Math.floor((fileBytes - 8) / template.length));
  expect(pauses).toBeGreaterThan(2000);
  const sizes = [...files.buffers].map((buffer) => buffer.byteLength);
  expect(sizes.length).toBe(2);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(5 * 1_048_576);
}, 120_000);

test('records larger than what is moved, and than a piece, are found', async () => {
  const files = new MemoryFileSystem();
  await files.makeDirectory('/log');
  const fileBytes = 16_777_216;
  const content = Buffer.alloc(fileBytes);
  let at = 0;
  const sizes = [100, 300_000, 4_194_304, 10, 2_097_152, 200_000, 3_000_000];
  for (const [index, size] of sizes.entries()) at += record(at, index, size).copy(content, at);
  await files.writeFileAtomically('/log/00000000000000000000', content);
  const segments = new SegmentList('/log', fileBytes);
  segments.add(0);
  const offsets: number[] = [];
  const options = {
    ...optionsOf(new FilePool(files, 4), segments),
    onRecord: (found: { queueOffset: number }) => void offsets.push(found.queueOffset),
  };
  expect(await scanLog(options)).toEqual({ physicalEnd: at, damage: undefined });
  expect(offsets).toEqual(sizes.map((_, index) => index));
});

test('a record is at most as large as the rest of its file', async () => {
  const files = new MemoryFileSystem();
  await files.makeDirectory('/log');
  const fileBytes = 65_536;
  const content = Buffer.alloc(fileBytes);
  const physicalEnd = record(0, 0, 100).copy(content);
  const restBytes = fileBytes - physicalEnd;
  record(physicalEnd, 1, restBytes - record(0, 0, 0).length).copy(content, physicalEnd);
  const segments = new SegmentList('/log', fileBytes);
  segments.add(0);
  const scan = async (sizeBytes: number) => {
    content.writeInt32BE(sizeBytes, physicalEnd);
    await files.writeFileAtomically('/log/00000000000000000000', content);
    return scanLog(optionsOf(new FilePool(files, 4), segments));
  };
  expect(await scan(restBytes)).toMatchObject({ physicalEnd: fileBytes });
  expect(await scan(restBytes + 1)).toEqual({ physicalEnd, damage: 'its size does not fit its file' });
});

test.each([0, 20, 90, 200])(
  'forceVerifyPropCRC finds a flipped bit at %i of a record with RocketMQ’s CRC property',
  async (flippedAt) => {
    const plain = Buffer.from('KEYS\u0001k\u0002');
    const whole = record(0, 0, 150, Buffer.concat([plain, Buffer.from('__CRC32#\u00010000000000\u0002')]));
    const digits = String(maskedCrc32(whole.subarray(0, whole.length - 20)))
      .padStart(10, '0')
      .split('')
      .toReversed()
      .join('');
    whole.write(digits, whole.length - 11, 'latin1');
    const files = new MemoryFileSystem();
    await files.makeDirectory('/log');
    const segments = new SegmentList('/log', 4096);
    segments.add(0);
    const scan = async (content: Buffer) => {
      await files.writeFileAtomically('/log/00000000000000000000', Buffer.concat([content, Buffer.alloc(4096 - content.length)]));
      return scanLog({ ...optionsOf(new FilePool(files, 4), segments), verifiesPropertyCrc: true });
    };
    expect(await scan(whole)).toEqual({ physicalEnd: whole.length, damage: undefined });
    if (flippedAt === 0) return;
    const damaged = Buffer.from(whole);
    damaged[flippedAt] = (damaged[flippedAt] ?? 0) ^ 1;
    expect((await scan(damaged)).damage).toBeDefined();
  },
);
