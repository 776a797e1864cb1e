import type { SeededRandom } from '@orbitmq/testing';
import { GrowingBytes } from './growing-bytes.js';

const sectorBytes = 512;

/**
 * What of the unflushed survives. `nothing` and `random`: a power cut. `everything`: the process was killed, the operating
 * system lives on and writes all it was given.
 */
export type Survival = 'nothing' | 'random' | 'everything';

interface PendingWrite {
  readonly kind: 'write';
  bytes: Buffer;
  readonly position: number;
  isCompleted: boolean;
}

interface PendingTruncate {
  readonly kind: 'truncate';
  readonly sizeBytes: number;
}

type Pending = PendingWrite | PendingTruncate;

/** The content of a simulated file: as the process sees it, as the device has it, and what lies between the two. */
export class SimulatedInode {
  readonly #current: GrowingBytes;
  readonly #durable: GrowingBytes;
  /** In order of issue. */
  #pending: Pending[] = [];

  constructor(content: GrowingBytes = new GrowingBytes()) {
    this.#current = content;
    this.#durable = content.copy();
  }

  static of(content: Uint8Array): SimulatedInode {
    const bytes = new GrowingBytes();
    bytes.write(content, 0);
    return new SimulatedInode(bytes);
  }

  get sizeBytes(): number {
    return this.#current.sizeBytes;
  }

  /** How many operations a flush that begins now covers: all that have completed. */
  get completedCount(): number {
    const firstOpen = this.#pending.findIndex((pending) => pending.kind === 'write' && !pending.isCompleted);
    return firstOpen < 0 ? this.#pending.length : firstOpen;
  }

  content(): Buffer {
    return this.#current.slice();
  }

  read(target: Uint8Array, position: number): number {
    return this.#current.read(target, position);
  }

  /** A write has begun: a crash may leave any part of it. */
  issue(bytes: Buffer, position: number): PendingWrite {
    const write: PendingWrite = { kind: 'write', bytes, position, isCompleted: false };
    this.#pending.push(write);
    return write;
  }

  complete(write: PendingWrite): void {
    write.isCompleted = true;
    this.#current.write(write.bytes, write.position);
  }

  /** These bytes are on the device, and with them the file's length; older writes of the same bytes can no longer come after them. */
  completeDurably(write: PendingWrite): void {
    this.complete(write);
    const lastTruncate = this.#pending.findLastIndex((pending) => pending.kind === 'truncate');
    if (lastTruncate >= 0 && lastTruncate < this.#pending.indexOf(write)) this.flush(lastTruncate + 1);
    this.#durable.write(write.bytes, write.position);
    this.#drop(write);
    for (const older of this.#pending) if (older.kind === 'write' && older.isCompleted) overlay(older, write);
  }

  truncate(sizeBytes: number): void {
    this.#current.resize(sizeBytes);
    this.#pending.push({ kind: 'truncate', sizeBytes });
  }

  /** The first `count` operations are on the device. */
  flush(count: number): void {
    for (const pending of this.#pending.splice(0, count)) {
      if (pending.kind === 'write') this.#durable.write(pending.bytes, pending.position);
      else this.#durable.resize(pending.sizeBytes);
    }
  }

  /** A write that failed the way Linux fails it: readers see the bytes, the device never gets them (promises §0.7). */
  loseFailed(write: PendingWrite): void {
    this.complete(write);
    this.#drop(write);
  }

  /** After a power cut: what the device has. */
  afterPowerCut(survival: 'nothing' | 'random', random: SeededRandom): SimulatedInode {
    const bytes = this.#durable.copy();
    if (survival === 'nothing') return new SimulatedInode(bytes);
    const truncates = this.#pending.filter((pending) => pending.kind === 'truncate').length;
    let truncatesLeft = random.int(truncates + 1);
    for (const pending of this.#pending) {
      if (pending.kind === 'write') writeSectors(bytes, pending, random);
      else if (truncatesLeft > 0) {
        bytes.resize(pending.sizeBytes);
        truncatesLeft -= 1;
      }
    }
    return new SimulatedInode(bytes);
  }

  /** After the death of the process: the system keeps what it was given; of a write under way it has any part. */
  afterKill(random: SeededRandom): SimulatedInode {
    for (const pending of this.#pending) {
      if (pending.kind === 'truncate' || pending.isCompleted) continue;
      pending.bytes = keptPart(this.#current, pending, random);
      this.complete(pending);
    }
    return this;
  }

  #drop(write: PendingWrite): void {
    const index = this.#pending.indexOf(write);
    if (index >= 0) this.#pending.splice(index, 1);
  }
}

/** What a range holds when only some sectors of a write arrived. */
function keptPart(before: GrowingBytes, write: PendingWrite, random: SeededRandom): Buffer {
  const after = before.copy();
  writeSectors(after, write, random);
  const part = Buffer.alloc(write.bytes.length);
  after.read(part, write.position);
  return part;
}

/** Writes some of the sectors of a write, as a device does that lost power. */
function writeSectors(target: GrowingBytes, write: PendingWrite, random: SeededRandom): void {
  const chance = random.next();
  const end = write.position + write.bytes.length;
  for (let at = write.position; at < end; ) {
    const next = Math.min(end, (Math.floor(at / sectorBytes) + 1) * sectorBytes);
    if (random.chance(chance)) target.write(write.bytes.subarray(at - write.position, next - write.position), at);
    at = next;
  }
}

/** The part of `older` that `newer` covers becomes the newer bytes. */
function overlay(older: PendingWrite, newer: PendingWrite): void {
  const from = Math.max(older.position, newer.position);
  const to = Math.min(older.position + older.bytes.length, newer.position + newer.bytes.length);
  if (from < to) older.bytes.set(newer.bytes.subarray(from - newer.position, to - newer.position), from - older.position);
}
