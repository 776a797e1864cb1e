import type { JavaNumber } from './java-number.js';
import { Order, orderOfDoubles, orderOfNumbers } from './order.js';
import { SqlText } from './sql-text.js';

const nameEnd = 0x01;
const propertyEnd = 0x02;
/** So many digits fit a double exactly. */
const exactDigitsMax = 15;
const int32Max = 2_147_483_647;
/** About what it costs to make a text of a byte and to read it as each kind of number, in bytes looked at. */
const textCost = 8;

/**
 * Finds the properties that an expression names in the property string of a message, in one pass and without making
 * strings; each name has a slot. Entries without name or value are dropped, of repeated names the last counts, as everywhere
 * (`decodeProperties` of the protocol). What it found holds until the next `locate`.
 */
export class PropertyLocator {
  readonly #names: readonly Buffer[];
  readonly #slotsByHash = new Map<number, number[]>();
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #bytes: Buffer = Buffer.alloc(0);
  /** By slot, values that were read the slow way, so that a long one is read once however often it is compared. */
  readonly #texts = new Map<number, SqlText>();
  #cost = 0;

  /** Names are ASCII and occur once. */
  constructor(names: readonly string[]) {
    this.#names = names.map((name) => Buffer.from(name, 'latin1'));
    this.#starts = new Int32Array(names.length);
    this.#ends = new Int32Array(names.length);
    for (const [slot, name] of this.#names.entries()) {
      let hash = 0;
      for (const byte of name) hash = (Math.imul(hash, 31) + byte) | 0;
      const known = this.#slotsByHash.get(hash);
      if (known === undefined) this.#slotsByHash.set(hash, [slot]);
      else known.push(slot);
    }
  }

  locate(bytes: Buffer, from: number, to: number): void {
    this.#bytes = bytes;
    this.#starts.fill(-1);
    if (this.#texts.size > 0) this.#texts.clear();
    this.#cost = 0;
    let at = from;
    while (at < to) {
      const start = at;
      let hash = 0;
      let byte = bytes[at];
      while (at < to && byte !== nameEnd && byte !== propertyEnd) {
        hash = (Math.imul(hash, 31) + (byte as number)) | 0;
        at += 1;
        byte = bytes[at];
      }
      const split = at;
      while (at < to && bytes[at] !== propertyEnd) at += 1;
      if (split > start && split < at - 1) this.#found(hash, start, split, at);
      at += 1;
    }
  }

  #found(hash: number, start: number, split: number, end: number): void {
    const slots = this.#slotsByHash.get(hash);
    if (slots === undefined) return;
    for (const slot of slots) {
      const name = this.#names[slot] as Buffer;
      if (name.length !== split - start || !isAt(this.#bytes, start, name)) continue;
      this.#starts[slot] = split + 1;
      this.#ends[slot] = end;
      return;
    }
  }

  has(slot: number): boolean {
    return (this.#starts[slot] as number) >= 0;
  }

  /** What was spent on values of any length since `locate`, in bytes looked at. */
  get cost(): number {
    return this.#cost;
  }

  text(slot: number): SqlText | undefined {
    const start = this.#starts[slot] as number;
    if (start < 0) return undefined;
    const known = this.#texts.get(slot);
    if (known !== undefined) return known;
    const text = new SqlText(this.#bytes.toString('utf8', start, this.#ends[slot]));
    this.#texts.set(slot, text);
    this.#cost += this.#lengthOf(slot) * textCost;
    return text;
  }

  equals(slot: number, value: Buffer): boolean {
    return this.#lengthOf(slot) === value.length && this.startsWith(slot, value);
  }

  /** `value` is not empty. */
  startsWith(slot: number, value: Buffer): boolean {
    return this.#lengthOf(slot) >= value.length && isAt(this.#bytes, this.#starts[slot] as number, value);
  }

  endsWith(slot: number, value: Buffer): boolean {
    return this.#lengthOf(slot) >= value.length && isAt(this.#bytes, (this.#ends[slot] as number) - value.length, value);
  }

  contains(slot: number, value: Buffer): boolean {
    if (this.#lengthOf(slot) < value.length) return false;
    const found = this.#bytes.indexOf(value, this.#starts[slot]);
    return found >= 0 && found + value.length <= (this.#ends[slot] as number);
  }

  /** Whether two properties that are there have the same value. */
  isSame(left: number, right: number): boolean {
    const length = this.#lengthOf(left);
    if (length !== this.#lengthOf(right)) return false;
    this.#cost += length;
    const leftStart = this.#starts[left] as number;
    const rightStart = this.#starts[right] as number;
    return this.#bytes.compare(this.#bytes, leftStart, leftStart + length, rightStart, rightStart + length) === 0;
  }

  /** How a property lies to a number that is not zero when it is a double: it is read as a number of that kind. */
  orderTo(slot: number, number: JavaNumber): Order {
    if (!this.has(slot)) return Order.MISSING;
    const value = this.#shortInteger(slot);
    if (!Number.isNaN(value)) {
      if (number.kind === 'integer' && (value > int32Max || value < -int32Max - 1)) return Order.ERROR;
      // Comparing a number with a bigint is exact.
      return value < number.value ? Order.LESS : value > number.value ? Order.GREATER : Order.EQUAL;
    }
    const read = this.text(slot)?.readAs(number.kind);
    return read === undefined ? Order.ERROR : orderOfNumbers(read, number);
  }

  /** How two properties lie to each other as doubles. */
  orderBetween(left: number, right: number): Order {
    if (!this.has(left) || !this.has(right)) return Order.MISSING;
    const leftInteger = this.#shortInteger(left);
    const rightInteger = this.#shortInteger(right);
    if (!Number.isNaN(leftInteger) && !Number.isNaN(rightInteger)) return orderOfDoubles(leftInteger, rightInteger);
    const leftValue = this.text(left)?.readAs('double');
    const rightValue = this.text(right)?.readAs('double');
    if (leftValue === undefined || rightValue === undefined) return Order.ERROR;
    return orderOfDoubles(Number(leftValue.value), Number(rightValue.value));
  }

  /** The value of plain digits, with or without a sign; NaN for everything else, which a slower way has to read. */
  #shortInteger(slot: number): number {
    let at = this.#starts[slot] as number;
    const end = this.#ends[slot] as number;
    const first = this.#bytes[at];
    const isSigned = first === 0x2d || first === 0x2b;
    if (isSigned) at += 1;
    if (at === end || end - at > exactDigitsMax) return Number.NaN;
    let value = 0;
    for (; at < end; at += 1) {
      const digit = (this.#bytes[at] as number) - 0x30;
      if (digit < 0 || digit > 9) return Number.NaN;
      value = value * 10 + digit;
    }
    return first === 0x2d ? -value : value;
  }

  /** -1 when it is not there. */
  #lengthOf(slot: number): number {
    const start = this.#starts[slot] as number;
    return start < 0 ? -1 : (this.#ends[slot] as number) - start;
  }
}

function isAt(bytes: Buffer, at: number, value: Buffer): boolean {
  for (let index = 0; index < value.length; index += 1) {
    if (bytes[at + index] !== value[index]) return false;
  }
  return true;
}
