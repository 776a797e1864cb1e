/**
 * The keys of the window, oldest first, in flat columns: 52 bytes a key, whatever its length, taken at the first key and
 * touched as they fill. A ring of slots and hash chains through them; when the ring is full the oldest key goes. Time is
 * monotonic, so that a clock that is set back lengthens nothing. It decides nothing by itself and does no I/O.
 */
import type { KeyHash } from './key-hash.js';

/** Where the first message with a key is. */
export interface KeyPlace {
  readonly physicalOffset: number;
  /** Of the queue that it is stored in, which for a delayed or half message is one of the broker's. */
  readonly queueOffset: number;
  /** The queue that was asked for. */
  readonly queueId: number;
  /** A half message that nobody has decided: when it is rolled back, its key is free again. */
  readonly isOpenHalf: boolean;
}

/** Entry by entry: four numbers of the hash, and one of each of the others. */
export interface KeyColumns {
  readonly count: number;
  readonly hashes: Uint32Array;
  /** -1: a key that was removed. */
  readonly physicalOffsets: Float64Array;
  readonly queueOffsets: Float64Array;
  /** Monotonic, ms. */
  readonly addedAts: Float64Array;
  /** Twice the queue id, plus one for an open half. */
  readonly queues: Int32Array;
}

const removed = -1;
const none32 = new Uint32Array(0);
const none64 = new Float64Array(0);
const noneInt = new Int32Array(0);

/** What begins at `from` in a ring, in order. */
function unrolled<Column extends Uint32Array | Float64Array | Int32Array>(ring: Column, from: number, count: number): Column {
  const copy = ring.slice(0, count) as Column;
  const head = ring.subarray(from, Math.min(from + count, ring.length));
  copy.set(head);
  copy.set(ring.subarray(0, count - head.length), head.length);
  return copy;
}

class Columns {
  readonly hashes: Uint32Array;
  readonly physicalOffsets: Float64Array;
  readonly queueOffsets: Float64Array;
  readonly addedAts: Float64Array;
  /** Twice the queue id, plus one for an open half. */
  readonly queues: Int32Array;
  /** Slot + 1 of the next in the chain; 0: none. */
  readonly nexts: Int32Array;
  /** Slot + 1 of the first of each chain; 0: none. */
  readonly heads: Int32Array;

  constructor(countMax: number) {
    this.hashes = new Uint32Array(countMax * 4);
    this.physicalOffsets = new Float64Array(countMax);
    this.queueOffsets = new Float64Array(countMax);
    this.addedAts = new Float64Array(countMax);
    this.queues = new Int32Array(countMax);
    this.nexts = new Int32Array(countMax);
    this.heads = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(countMax, 2))));
  }
}

export class KeyTable {
  readonly #countMax: number;
  readonly #windowMs: number;
  #columns: Columns | undefined;
  /** Running numbers of the oldest entry and of the next one; the slot is their remainder. */
  #first = 0;
  #end = 0;
  #count = 0;
  /** Keys that went before their time because the table was full. */
  crowdedOut = 0;

  constructor(options: { readonly countMax: number; readonly windowMs: number }) {
    this.#countMax = options.countMax;
    this.#windowMs = options.windowMs;
  }

  get count(): number {
    return this.#count;
  }

  /** The key's place when it was added less than the window ago. */
  find(hash: KeyHash, nowMs: number): KeyPlace | undefined {
    const slot = this.#slotOf(hash);
    if (slot < 0 || this.#columns === undefined) return undefined;
    return nowMs - (this.#columns.addedAts[slot] as number) < this.#windowMs ? placeAt(this.#columns, slot) : undefined;
  }

  /** Takes the place of an entry with the same hash, which was asked for before. */
  add(hash: KeyHash, place: KeyPlace, addedAtMs: number): void {
    this.remove(hash);
    if (this.#end - this.#first === this.#countMax) {
      if (!this.#isRemoved(this.#first)) this.crowdedOut += 1;
      this.#dropFirst();
    }
    const columns = (this.#columns ??= new Columns(this.#countMax));
    const slot = this.#end % this.#countMax;
    this.#end += 1;
    this.#count += 1;
    columns.hashes[slot * 4] = hash.a;
    columns.hashes[slot * 4 + 1] = hash.b;
    columns.hashes[slot * 4 + 2] = hash.c;
    columns.hashes[slot * 4 + 3] = hash.d;
    columns.physicalOffsets[slot] = place.physicalOffset;
    columns.queueOffsets[slot] = place.queueOffset;
    columns.addedAts[slot] = addedAtMs;
    columns.queues[slot] = place.queueId * 2 + (place.isOpenHalf ? 1 : 0);
    const chain = hash.a & (columns.heads.length - 1);
    columns.nexts[slot] = columns.heads[chain] as number;
    columns.heads[chain] = slot + 1;
  }

  remove(hash: KeyHash): void {
    const slot = this.#slotOf(hash);
    if (slot >= 0) this.#take(slot);
  }

  /** The open half with this key is committed: its place stays known. */
  settleHalf(hash: KeyHash): void {
    const slot = this.#slotOf(hash);
    const queues = this.#columns?.queues;
    if (slot >= 0 && queues !== undefined) queues[slot] = (queues[slot] as number) & ~1;
  }

  /** Lets go what is too old, from the oldest on up to the first that is not. */
  expire(nowMs: number): void {
    const columns = this.#columns;
    if (columns === undefined) return;
    while (this.#first < this.#end) {
      const isOld = nowMs - (columns.addedAts[this.#first % this.#countMax] as number) >= this.#windowMs;
      if (!isOld && !this.#isRemoved(this.#first)) return;
      this.#dropFirst();
    }
  }

  /** Makes all keys older. */
  age(byMs: number): void {
    const addedAts = this.#columns?.addedAts;
    if (addedAts === undefined || byMs === 0) return;
    for (let at = this.#first; at < this.#end; at += 1) {
      const slot = at % this.#countMax;
      addedAts[slot] = (addedAts[slot] as number) - byMs;
    }
  }

  /** The columns as they are now, oldest first, with the slots of removed keys among them. */
  copy(): KeyColumns {
    const columns = this.#columns;
    if (columns === undefined)
      return { count: 0, hashes: none32, physicalOffsets: none64, queueOffsets: none64, addedAts: none64, queues: noneInt };
    const from = this.#first % this.#countMax;
    const count = this.#end - this.#first;
    return {
      count,
      hashes: unrolled(columns.hashes, from * 4, count * 4),
      physicalOffsets: unrolled(columns.physicalOffsets, from, count),
      queueOffsets: unrolled(columns.queueOffsets, from, count),
      addedAts: unrolled(columns.addedAts, from, count),
      queues: unrolled(columns.queues, from, count),
    };
  }

  #slotOf(hash: KeyHash): number {
    const columns = this.#columns;
    if (columns === undefined) return -1;
    const { hashes, heads, nexts } = columns;
    for (let next = heads[hash.a & (heads.length - 1)] as number; next !== 0; next = nexts[next - 1] as number) {
      const at = (next - 1) * 4;
      const isSame = hashes[at] === hash.a && hashes[at + 1] === hash.b && hashes[at + 2] === hash.c && hashes[at + 3] === hash.d;
      if (isSame) return next - 1;
    }
    return -1;
  }

  #isRemoved(at: number): boolean {
    return this.#columns?.physicalOffsets[at % this.#countMax] === removed;
  }

  #dropFirst(): void {
    if (!this.#isRemoved(this.#first)) this.#take(this.#first % this.#countMax);
    this.#first += 1;
  }

  /** Out of its chain; the slot is used again when the ring comes round. */
  #take(slot: number): void {
    const columns = this.#columns;
    if (columns === undefined) return;
    const { hashes, heads, nexts } = columns;
    const chain = (hashes[slot * 4] as number) & (heads.length - 1);
    const next = nexts[slot] as number;
    if (heads[chain] === slot + 1) heads[chain] = next;
    else {
      let before = (heads[chain] as number) - 1;
      while (nexts[before] !== slot + 1) before = (nexts[before] as number) - 1;
      nexts[before] = next;
    }
    columns.physicalOffsets[slot] = removed;
    this.#count -= 1;
  }
}

export function placeAt(columns: Pick<KeyColumns, 'physicalOffsets' | 'queueOffsets' | 'queues'>, slot: number): KeyPlace {
  const queue = columns.queues[slot] as number;
  return {
    physicalOffset: columns.physicalOffsets[slot] as number,
    queueOffset: columns.queueOffsets[slot] as number,
    queueId: queue >> 1,
    isOpenHalf: (queue & 1) === 1,
  };
}
