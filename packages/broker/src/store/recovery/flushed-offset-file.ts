/**
 * How far the log is known to be on the device: a lower bound, renewed every second (promises R4). Below it a damaged record
 * is corruption and never a torn tail. Two slots are written in turn, each with its CRC, so a torn write leaves the other.
 */
import { crc32 } from 'node:zlib';
import { readInt64, writeInt64 } from '@orbitmq/protocol';
import type { File, FileSystem } from '../io/file-system.js';
import { writeFileDurably } from '../io/io-promise.js';
import { parentPath } from '../io/paths.js';

/** "OMQFLUSH" */
const magic = Buffer.from('OMQFLUSH', 'latin1');
const slotStrideBytes = 4096;
const slotBytes = 28;
const At = { MAGIC: 0, SEQUENCE: 8, OFFSET: 16, CRC: 24 } as const;

interface Slot {
  readonly sequence: number;
  readonly flushedOffset: number;
}

function decodeSlot(bytes: Buffer, at: number): Slot | undefined {
  const slot = bytes.subarray(at, at + slotBytes);
  if (slot.length < slotBytes || !slot.subarray(0, magic.length).equals(magic)) return undefined;
  if (slot.readUInt32BE(At.CRC) !== crc32(slot.subarray(0, At.CRC))) return undefined;
  return { sequence: readInt64(slot, At.SEQUENCE), flushedOffset: readInt64(slot, At.OFFSET) };
}

function newestSlot(content: Buffer | undefined): Slot | undefined {
  const slots = content === undefined ? [] : [decodeSlot(content, 0), decodeSlot(content, slotStrideBytes)];
  let newest: Slot | undefined;
  for (const slot of slots) if (slot !== undefined && slot.sequence > (newest?.sequence ?? 0)) newest = slot;
  return newest;
}

function encodeSlot(slot: Slot): Buffer {
  const bytes = Buffer.alloc(slotBytes);
  magic.copy(bytes, At.MAGIC);
  writeInt64(bytes, slot.sequence, At.SEQUENCE);
  writeInt64(bytes, slot.flushedOffset, At.OFFSET);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, At.CRC)), At.CRC);
  return bytes;
}

export class FlushedOffsetFile {
  readonly #file: File;
  #last: Slot;

  private constructor(file: File, last: Slot) {
    this.#file = file;
    this.#last = last;
  }

  /** Its value without opening it for writing; undefined when there is none that can be believed. */
  static async read(fileSystem: FileSystem, path: string): Promise<number | undefined> {
    return newestSlot(await fileSystem.readFile(path))?.flushedOffset;
  }

  static async open(fileSystem: FileSystem, path: string): Promise<FlushedOffsetFile> {
    const content = await fileSystem.readFile(path);
    const file = await fileSystem.open(path, { create: true });
    if (content === undefined) await fileSystem.syncDirectory(parentPath(path));
    return new FlushedOffsetFile(file, newestSlot(content) ?? { sequence: 0, flushedOffset: 0 });
  }

  get flushedOffset(): number {
    return this.#last.flushedOffset;
  }

  /** Whether the value was written here: of a log that another broker wrote nothing is known. */
  get isKnown(): boolean {
    return this.#last.sequence > 0;
  }

  /** Raises the bound; a lower value changes nothing. The first one is written in any case: nothing is flushed, and that is known. */
  async write(flushedOffset: number): Promise<void> {
    if (this.isKnown && flushedOffset <= this.#last.flushedOffset) return;
    const slot: Slot = { sequence: this.#last.sequence + 1, flushedOffset };
    await writeFileDurably(this.#file, [encodeSlot(slot)], (slot.sequence % 2) * slotStrideBytes);
    this.#last = slot;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
