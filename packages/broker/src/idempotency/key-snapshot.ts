/**
 * The keys of the window as a file, `<root>/orbitmq/idempotency-keys`, so that a start need not read the log of the whole
 * window. It only saves reading: it names the log that it belongs to by the last bytes before its end, and one that does not
 * fit, is damaged or missing counts as absent. Numbers are little-endian, columns one behind the other.
 */
import { crc32 } from 'node:zlib';
import type { KeyColumns } from './key-table.js';

/** Some bytes of the log, by which it is recognised: `sizeBytes` up to `end`. */
export interface LogAnchor {
  readonly end: number;
  readonly sizeBytes: number;
  readonly crc: number;
}

export interface KeySnapshot {
  /** Every key of a record before the anchor's end is here or was too old. */
  readonly anchor: LogAnchor;
  /** Both clocks when the columns were copied. */
  readonly wallMs: number;
  readonly monotonicMs: number;
  readonly columns: KeyColumns;
}

const magic = 0x4b57_494f;
const version = 1;
const headBytes = 56;
const entryBytes = 44;
/** The checksum is made in pieces of this size, with a turn of the event loop for others between. */
const pieceBytes = 1_048_576;

export async function encodeKeySnapshot(snapshot: KeySnapshot, nextTurn: () => Promise<void>): Promise<Buffer> {
  const { anchor, columns } = snapshot;
  const { count } = columns;
  const bytes = Buffer.alloc(headBytes + count * entryBytes);
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(version, 4);
  bytes.writeUInt32LE(count, 12);
  bytes.writeDoubleLE(anchor.end, 16);
  bytes.writeUInt32LE(anchor.sizeBytes, 24);
  bytes.writeUInt32LE(anchor.crc, 28);
  bytes.writeDoubleLE(snapshot.wallMs, 32);
  bytes.writeDoubleLE(snapshot.monotonicMs, 40);
  let at = headBytes;
  for (const column of columnsOf(columns)) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += column.byteLength;
  }
  bytes.writeUInt32LE(await checksumOf(bytes, nextTurn), 8);
  return bytes;
}

/** Undefined for what is no whole snapshot of this version. */
export async function decodeKeySnapshot(bytes: Buffer, nextTurn: () => Promise<void>): Promise<KeySnapshot | undefined> {
  if (bytes.length < headBytes || bytes.readUInt32LE(0) !== magic || bytes.readUInt32LE(4) !== version) return undefined;
  const count = bytes.readUInt32LE(12);
  if (bytes.length !== headBytes + count * entryBytes) return undefined;
  if (bytes.readUInt32LE(8) !== (await checksumOf(bytes, nextTurn))) return undefined;
  const columns: KeyColumns = {
    count,
    physicalOffsets: new Float64Array(count),
    queueOffsets: new Float64Array(count),
    addedAts: new Float64Array(count),
    hashes: new Uint32Array(count * 4),
    queues: new Int32Array(count),
  };
  let at = headBytes;
  for (const column of columnsOf(columns)) {
    const { byteLength } = column;
    new Uint8Array(column.buffer, column.byteOffset, byteLength).set(bytes.subarray(at, at + byteLength));
    at += byteLength;
  }
  const anchor = { end: bytes.readDoubleLE(16), sizeBytes: bytes.readUInt32LE(24), crc: bytes.readUInt32LE(28) };
  return { anchor, wallMs: bytes.readDoubleLE(32), monotonicMs: bytes.readDoubleLE(40), columns };
}

function columnsOf(columns: KeyColumns): readonly (Float64Array | Uint32Array | Int32Array)[] {
  return [columns.physicalOffsets, columns.queueOffsets, columns.addedAts, columns.hashes, columns.queues];
}

async function checksumOf(bytes: Buffer, nextTurn: () => Promise<void>): Promise<number> {
  let crc = 0;
  for (let at = 12; at < bytes.length; at += pieceBytes) {
    crc = crc32(bytes.subarray(at, at + pieceBytes), crc);
    if (at + pieceBytes < bytes.length) await nextTurn();
  }
  return crc;
}
