/**
 * The slots of the timer (Java: TimerWheel; page 25 §2.1): a ring of seven days of seconds, doubled, 32 bytes each whatever the
 * precision: tick / precision 8 | first unit 8 | last unit 8 | number of messages 4 | magic 4. A slot whose first field names
 * another tick is empty.
 *
 * It is kept in pieces that exist only while a slot of theirs is taken, so memory follows how far ahead messages are (8 MiB for three
 * days), not how many there are. Unlike Java a slot is emptied when its tick is delivered: after a restart nothing of it is left to be
 * taken for pending, and the clock may be set back over it.
 */
import { invariant } from '@orbitmq/core/kernel';
import { readInt64, writeInt64 } from '@orbitmq/protocol';

const slotBytes = 32;
export const wheelSlots = 2 * 7 * 24 * 60 * 60;
export const wheelFileBytes = wheelSlots * slotBytes;
/** The file's length is a multiple of it. */
export const wheelPieceBytes = 8192;
const pieceSlots = wheelPieceBytes / slotBytes;

const At = { TICK: 0, FIRST: 8, LAST: 16, COUNT: 24 } as const;

interface Piece {
  readonly bytes: Buffer;
  takenSlots: number;
}

/** What waits in a tick. */
export interface WheelLoad {
  readonly messages: number;
  readonly cancellations: number;
}

export interface WheelSlot {
  /** Position of its oldest unit in the timer log. */
  readonly first: number;
  /** Of its newest unit. */
  readonly last: number;
  /** Messages less cancellations; only for flow control and display. */
  readonly count: number;
}

/** A piece of the file as it was when it was taken. */
export interface DirtyPiece {
  readonly index: number;
  readonly bytes: Buffer;
}

export class TimerWheel {
  readonly precisionMs: number;
  readonly #pieces = new Map<number, Piece>();
  readonly #dirty = new Set<number>();
  /** Of a tick, for flow control: no place in the file has them, so after a restart those of before count as fewer messages. */
  readonly #cancellations = new Map<number, number>();
  #pendingCount = 0;

  constructor(precisionMs: number) {
    this.precisionMs = precisionMs;
  }

  /** Sum of the slots' counts. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** Pieces that take memory. */
  get pieceCount(): number {
    return this.#pieces.size;
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  slot(tickMs: number): WheelSlot | undefined {
    const { pieceIndex, at, tick } = this.#placeOf(tickMs);
    const bytes = this.#pieces.get(pieceIndex)?.bytes;
    if (bytes === undefined || readInt64(bytes, at + At.TICK) !== tick) return undefined;
    return {
      first: readInt64(bytes, at + At.FIRST),
      last: readInt64(bytes, at + At.LAST),
      count: bytes.readInt32BE(at + At.COUNT),
    };
  }

  /** A cancellation takes one from the slot's count, which is none that flow control may go by: who sends them makes no room. */
  loadOf(tickMs: number): WheelLoad {
    const cancellations = this.#cancellations.get(tickMs) ?? 0;
    return { messages: (this.slot(tickMs)?.count ?? 0) + cancellations, cancellations };
  }

  /** Whether the tick's place is held by a tick a ring's length away, after a jump of the clock. Nothing may be linked then. */
  isPlaceHeldByOther(tickMs: number): boolean {
    const { pieceIndex, at, tick } = this.#placeOf(tickMs);
    const bytes = this.#pieces.get(pieceIndex)?.bytes;
    if (bytes === undefined) return false;
    const held = readInt64(bytes, at + At.TICK);
    return held !== 0 && held !== tick;
  }

  /** Puts a unit at the head of its tick's chain. Its `previous` is `slot(tickMs)?.last`, or -1. */
  link(tickMs: number, position: number, countChange: number): void {
    const { pieceIndex, at, tick } = this.#placeOf(tickMs);
    const piece = this.#pieceToWrite(pieceIndex);
    const { bytes } = piece;
    const held = readInt64(bytes, at + At.TICK);
    invariant(held === 0 || held === tick, 'a slot of the timer wheel is emptied before another tick takes it');
    if (held === 0) {
      writeInt64(bytes, tick, at + At.TICK);
      writeInt64(bytes, position, at + At.FIRST);
      bytes.writeInt32BE(0, at + At.COUNT);
      piece.takenSlots += 1;
    }
    writeInt64(bytes, position, at + At.LAST);
    const count = bytes.readInt32BE(at + At.COUNT);
    const changed = Math.max(-0x8000_0000, Math.min(count + countChange, 0x7fff_ffff));
    bytes.writeInt32BE(changed, at + At.COUNT);
    this.#pendingCount += changed - count;
    if (countChange < 0) this.#cancellations.set(tickMs, (this.#cancellations.get(tickMs) ?? 0) + 1);
  }

  /** The tick is delivered. */
  clear(tickMs: number): void {
    const { pieceIndex, at, tick } = this.#placeOf(tickMs);
    const piece = this.#pieces.get(pieceIndex);
    if (piece === undefined || readInt64(piece.bytes, at + At.TICK) !== tick) return;
    this.#cancellations.delete(tickMs);
    this.#pendingCount -= piece.bytes.readInt32BE(at + At.COUNT);
    piece.bytes.fill(0, at, at + slotBytes);
    piece.takenSlots -= 1;
    this.#dirty.add(pieceIndex);
  }

  /** The first tick with a slot in `[fromMs, toMs]`; costs a step per empty slot in a piece and one per missing piece. */
  firstTaken(fromMs: number, toMs: number): number | undefined {
    if (this.#pieces.size === 0) return undefined;
    const last = Math.floor(toMs / this.precisionMs);
    for (let tick = Math.ceil(fromMs / this.precisionMs); tick <= last; ) {
      const slotIndex = tick % wheelSlots;
      const piece = this.#pieces.get(Math.floor(slotIndex / pieceSlots));
      if (piece === undefined || piece.takenSlots === 0) {
        tick += pieceSlots - (slotIndex % pieceSlots);
        continue;
      }
      if (readInt64(piece.bytes, (slotIndex % pieceSlots) * slotBytes + At.TICK) === tick) return tick * this.precisionMs;
      tick += 1;
    }
    return undefined;
  }

  /** The highest position that a slot names; -1 for an empty wheel. */
  highestPosition(): number {
    let highest = -1;
    for (const { bytes } of this.#pieces.values()) {
      for (let at = 0; at < wheelPieceBytes; at += slotBytes) {
        if (readInt64(bytes, at + At.TICK) > 0) highest = Math.max(highest, readInt64(bytes, at + At.LAST));
      }
    }
    return highest;
  }

  /**
   * Takes over a piece of the file. What it holds of ticks before `fromMs` is left out: it is delivered. False when a slot holds what
   * no broker with this precision wrote: nothing was taken over then.
   */
  load(index: number, content: Buffer, fromMs: number): boolean {
    const bytes = Buffer.alloc(wheelPieceBytes);
    let takenSlots = 0;
    let count = 0;
    for (let at = 0; at < wheelPieceBytes; at += slotBytes) {
      const tick = readInt64(content, at + At.TICK);
      const last = readInt64(content, at + At.LAST);
      // A slot that was never used is all zero; the only message of one with a negative place was cancelled by an older version.
      if (tick <= 0 || last < 0) continue;
      if (tick % wheelSlots !== index * pieceSlots + at / slotBytes || this.#isOfOtherPrecision(tick, fromMs)) return false;
      if (tick * this.precisionMs < fromMs) continue;
      content.copy(bytes, at, at, at + slotBytes);
      takenSlots += 1;
      count += content.readInt32BE(at + At.COUNT);
    }
    if (takenSlots === 0) return true;
    this.#pieces.set(index, { bytes, takenSlots });
    this.#pendingCount += count;
    return true;
  }

  /** Copies of what changed since the last call, to be written to the file. What is empty is let go. */
  takeDirty(): readonly DirtyPiece[] {
    const taken = [...this.#dirty]
      .toSorted((a, b) => a - b)
      .map((index) => {
        const piece = this.#pieces.get(index);
        if (piece?.takenSlots === 0) this.#pieces.delete(index);
        return { index, bytes: piece === undefined ? Buffer.alloc(wheelPieceBytes) : Buffer.from(piece.bytes) };
      });
    this.#dirty.clear();
    return taken;
  }

  /** They could not be written. */
  markDirty(pieces: readonly DirtyPiece[]): void {
    for (const { index } of pieces) this.#dirty.add(index);
  }

  /** The file is to be made anew. */
  markAllDirty(): void {
    for (const index of this.#pieces.keys()) this.#dirty.add(index);
  }

  /** Everything is forgotten; the file has to be made anew. */
  reset(): void {
    this.#pieces.clear();
    this.#dirty.clear();
    this.#cancellations.clear();
    this.#pendingCount = 0;
  }

  /** Precisions differ by a factor of two at least, and slots are days around the time that the wheel has reached. */
  #isOfOtherPrecision(tick: number, reachedMs: number): boolean {
    const ratio = (tick * this.precisionMs) / reachedMs;
    return reachedMs > 0 && (ratio > 1.4 || ratio < 0.7);
  }

  #pieceToWrite(index: number): Piece {
    this.#dirty.add(index);
    let piece = this.#pieces.get(index);
    if (piece === undefined) {
      piece = { bytes: Buffer.alloc(wheelPieceBytes), takenSlots: 0 };
      this.#pieces.set(index, piece);
    }
    return piece;
  }

  #placeOf(tickMs: number): { readonly pieceIndex: number; readonly at: number; readonly tick: number } {
    const tick = tickMs / this.precisionMs;
    invariant(Number.isSafeInteger(tick) && tick > 0, 'the timer wheel is asked for whole ticks');
    const slotIndex = tick % wheelSlots;
    return { pieceIndex: Math.floor(slotIndex / pieceSlots), at: (slotIndex % pieceSlots) * slotBytes, tick };
  }
}
