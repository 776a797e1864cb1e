import type { SeededRandom } from '@orbitmq/testing';
import { GrowingBytes } from './growing-bytes.js';

const sectorBytes = 512;
const blockBytes = 4096;

/**
 * What of the unflushed survives. `nothing` and `random`: a power cut. `everything`: the process was killed, the operating
 * system lives on and writes all it was given.
 */
export type Survival = 'nothing' | 'random' | 'everything';

export interface PendingWrite {
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
  /** Blocks that take space on the device. */
  readonly #blocks: Set<number>;
  /** In order of issue. */
  #pending: Pending[];

  private constructor(current: GrowingBytes, durable: GrowingBytes, blocks: ReadonlySet<number>, pending: Pending[]) {
    this.#current = current;
    this.#durable = durable;
    this.#blocks = new Set(blocks);
    this.#pending = pending;
  }

  static empty(): SimulatedInode {
    return new SimulatedInode(new GrowingBytes(), new GrowingBytes(), new Set(), []);
  }

  get sizeBytes(): number {
    return this.#current.sizeBytes;
  }

  get takenBytes(): number {
    return this.#blocks.size * blockBytes;
  }

  /** What a flush that begins now covers: all that has completed, also behind a write that is still under way. */
  completed(): ReadonlySet<Pending> {
    return new Set(this.#pending.filter((pending) => pending.kind === 'truncate' || pending.isCompleted));
  }

  content(): Buffer {
    return this.#current.slice();
  }

  read(target: Uint8Array, position: number): number {
    return this.#current.read(target, position);
  }

  /** How many bytes of a write fit when `freeBytes` are left on the device. */
  fitting(position: number, sizeBytes: number, freeBytes: number): number {
    let free = Math.floor(freeBytes / blockBytes);
    for (let at = position; at < position + sizeBytes; at = (Math.floor(at / blockBytes) + 1) * blockBytes) {
      if (this.#blocks.has(Math.floor(at / blockBytes))) continue;
      if (free === 0) return at - position;
      free -= 1;
    }
    return sizeBytes;
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
    this.#take(write.position, write.bytes.length);
  }

  /** A write ends short: of it only the first bytes have reached the system. */
  completeInPart(write: PendingWrite, sizeBytes: number): void {
    write.bytes = write.bytes.subarray(0, sizeBytes);
    if (sizeBytes === 0) this.#drop(write);
    else this.complete(write);
  }

  /** These bytes are on the device, and with them the file's length; older writes of the same bytes can no longer come after them. */
  completeDurably(write: PendingWrite): void {
    this.complete(write);
    const lastTruncate = this.#pending.findLastIndex((pending) => pending.kind === 'truncate');
    if (lastTruncate >= 0 && lastTruncate < this.#pending.indexOf(write))
      this.flush(new Set(this.#pending.slice(0, lastTruncate + 1)));
    this.#durable.write(write.bytes, write.position);
    this.#drop(write);
    for (const older of this.#pending) if (older.kind === 'write' && older.isCompleted) overlay(older, write);
  }

  truncate(sizeBytes: number): void {
    this.#current.resize(sizeBytes);
    this.#pending.push({ kind: 'truncate', sizeBytes });
    for (const block of this.#blocks) if (block * blockBytes >= sizeBytes) this.#blocks.delete(block);
  }

  /** These operations are on the device. */
  flush(covered: ReadonlySet<Pending>): void {
    this.#pending = this.#pending.filter((pending) => {
      if (!covered.has(pending)) return true;
      if (pending.kind === 'write') this.#durable.write(pending.bytes, pending.position);
      else this.#durable.resize(pending.sizeBytes);
      return false;
    });
  }

  /**
   * These operations are not on the device, or in part, and the system believes they are: a flush failed. Readers see the
   * bytes until the next power cut, and no later flush brings them (promises §0.7).
   */
  loseUnflushed(covered: ReadonlySet<Pending>, random: SeededRandom): void {
    this.#pending = this.#pending.filter((pending) => {
      if (!covered.has(pending) || pending.kind === 'truncate') return true;
      writeSectors(this.#durable, pending, random);
      return false;
    });
  }

  /** The same for one durable write. */
  loseFailed(write: PendingWrite, random: SeededRandom): void {
    this.complete(write);
    this.#drop(write);
    writeSectors(this.#durable, write, random);
  }

  /** Damage at rest: readers and device have the changed bytes. */
  edit(change: (content: Buffer) => void): void {
    for (const bytes of [this.#current, this.#durable]) {
      const content = bytes.slice();
      change(content);
      bytes.write(content, 0);
    }
  }

  /** The same file, of its own life from here on. */
  copy(): SimulatedInode {
    const pending = this.#pending.map((one) => ({ ...one }));
    return new SimulatedInode(this.#current.copy(), this.#durable.copy(), this.#blocks, pending);
  }

  /** After a power cut: what the device has. */
  afterPowerCut(survival: 'nothing' | 'random', random: SeededRandom): SimulatedInode {
    const bytes = this.#durable.copy();
    if (survival === 'random') this.#keepSome(bytes, random);
    return new SimulatedInode(bytes, bytes.copy(), this.#blocks, []);
  }

  /** After the death of the process: the system keeps what it was given; of a write under way it has any part. */
  afterKill(random: SeededRandom): SimulatedInode {
    const survivor = this.copy();
    for (const pending of survivor.#pending) {
      if (pending.kind === 'truncate' || pending.isCompleted) continue;
      pending.bytes = keptPart(survivor.#current, pending, random);
      survivor.complete(pending);
    }
    return survivor;
  }

  #keepSome(bytes: GrowingBytes, random: SeededRandom): void {
    const truncates = this.#pending.filter((pending) => pending.kind === 'truncate').length;
    let truncatesLeft = random.int(truncates + 1);
    for (const pending of this.#pending) {
      if (pending.kind === 'write') writeSectors(bytes, pending, random);
      else if (truncatesLeft > 0) {
        bytes.resize(pending.sizeBytes);
        truncatesLeft -= 1;
      }
    }
  }

  #take(position: number, sizeBytes: number): void {
    const last = Math.floor((position + sizeBytes - 1) / blockBytes);
    for (let block = Math.floor(position / blockBytes); block <= last; block += 1) this.#blocks.add(block);
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
  if (from >= to) return;
  // Copies of the disk have the same bytes.
  older.bytes = Buffer.from(older.bytes);
  older.bytes.set(newer.bytes.subarray(from - newer.position, to - newer.position), from - older.position);
}
