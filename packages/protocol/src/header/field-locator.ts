import { InvariantError, invariant } from '@orbitmq/core/kernel';
import { scanBinaryExtFields } from '../frame/binary-ext-fields.js';
import { FieldTrait, latestFieldSpans, wordsPerField } from '../frame/field-spans.js';
import { scanJsonExtFields } from '../frame/json-ext-fields.js';
import { JsonScanner } from '../frame/json-scanner.js';
import type { ReceivedCommand } from '../frame/received-command.js';
import { SerializeType } from '../frame/remoting-command.js';
import { sharedNames } from './name-cache.js';
import { unescapeJson } from './unescape-json.js';

const integerText = /^-?\d{1,19}$/;
const noBytes = Buffer.alloc(0);

/** Places of the hash table of names; the headers read here have at most 14. */
const tablePlaces = 64;
/** Leaves as many bits as `tablePlaces` has. */
const hashShift = 26;
const attemptsMax = 10_000;

/**
 * Finds the extended fields of one hot request in the bytes of its header, in one pass and without building `extFields`. It
 * only knows the usual form; `locate` answers false for anything else (escaped names, escapes where none belong), and
 * the caller then takes the general way, which also words the errors. The results are valid until the next `locate`:
 * one locator serves all requests of its kind, one after the other.
 */
export class FieldLocator {
  readonly #names: readonly Buffer[];
  readonly #table = new Int8Array(tablePlaces).fill(-1);
  readonly #multiplier: number;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #bytes: Buffer = noBytes;
  /** One bit for each name. */
  #found = 0;
  #escaped = 0;

  /** At most 31 names: their presence is kept in bits. */
  constructor(names: readonly string[]) {
    invariant(names.length < 32, 'a locator has at most 31 names');
    this.#names = names.map((name) => Buffer.from(name, 'latin1'));
    this.#starts = new Int32Array(names.length);
    this.#ends = new Int32Array(names.length);
    this.#multiplier = this.#fillTable();
  }

  /** Looks for a multiplier under which every name has a place of its own. */
  #fillTable(): number {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const multiplier = Math.imul(attempt, 0x9e3779b1) | 1;
      this.#table.fill(-1);
      const isFree = this.#names.every((name, index) => {
        const place = hashOf(name, 0, name.length, multiplier);
        if (this.#table[place] !== -1) return false;
        this.#table[place] = index;
        return true;
      });
      if (isFree) return multiplier;
    }
    throw new InvariantError('no multiplier keeps the names apart');
  }

  #indexOf(bytes: Buffer, start: number, end: number): number {
    if (start === end) return -1;
    const index = this.#table[hashOf(bytes, start, end, this.#multiplier)] as number;
    if (index === -1) return -1;
    const name = this.#names[index] as Buffer;
    if (name.length !== end - start) return -1;
    for (let at = 0; at < name.length; at++) {
      if (name[at] !== bytes[start + at]) return -1;
    }
    return index;
  }

  locate(command: ReceivedCommand): boolean {
    if (command.extStart < 0) return false;
    const { bytes } = command;
    const spans = latestFieldSpans;
    let count = spans.countOf(command.fieldScan);
    if (count < 0) {
      scanAgain(command);
      count = spans.countOf(command.fieldScan);
      if (count < 0) return false;
    }
    this.#bytes = bytes;
    const { words } = spans;
    let found = 0;
    let escaped = 0;
    for (let at = 0; at < count * wordsPerField; at += wordsPerField) {
      const traits = words[at + 4] as number;
      if ((traits & FieldTrait.NAME_ESCAPED) !== 0) return false;
      const index = this.#indexOf(bytes, words[at] as number, words[at + 1] as number);
      if (index < 0) continue;
      const bit = 1 << index;
      found |= bit;
      this.#starts[index] = words[at + 2] as number;
      this.#ends[index] = words[at + 3] as number;
      // Of repeated names the last counts.
      escaped = (traits & FieldTrait.VALUE_ESCAPED) === 0 ? escaped & ~bit : escaped | bit;
    }
    this.#found = found;
    this.#escaped = escaped;
    return true;
  }

  /** Lets go of the bytes; call it when the fields are read. */
  release(): void {
    this.#bytes = noBytes;
  }

  has(index: number): boolean {
    return (this.#found & (1 << index)) !== 0;
  }

  isEscaped(index: number): boolean {
    return (this.#escaped & (1 << index)) !== 0;
  }

  /** The value's text as UTF-8, its escapes resolved; a view of the frame when there are none. Undefined when it is absent. */
  textBytes(index: number): Buffer | undefined {
    if (!this.has(index)) return undefined;
    const start = this.#starts[index] as number;
    const end = this.#ends[index] as number;
    return this.isEscaped(index) ? unescapeJson(this.#bytes, start, end) : this.#bytes.subarray(start, end);
  }

  /** The value as text, its escapes resolved; undefined when it is absent. */
  text(index: number): string | undefined {
    if (!this.has(index)) return undefined;
    if (this.isEscaped(index)) return this.textBytes(index)?.toString('utf8');
    return this.#bytes.toString('utf8', this.#starts[index], this.#ends[index]);
  }

  /** `true` in any case of letters, as Java reads it; undefined when it is absent. */
  boolean(index: number): boolean | undefined {
    if (!this.has(index)) return undefined;
    const start = this.#starts[index] as number;
    const bytes = this.#bytes;
    return (
      (this.#ends[index] as number) - start === 4 &&
      ((bytes[start] as number) | 0x20) === 0x74 &&
      ((bytes[start + 1] as number) | 0x20) === 0x72 &&
      ((bytes[start + 2] as number) | 0x20) === 0x75 &&
      ((bytes[start + 3] as number) | 0x20) === 0x65
    );
  }

  /** A name that many requests share; undefined when it is absent or escaped. */
  name(index: number): string | undefined {
    if (!this.has(index) || this.isEscaped(index)) return undefined;
    const start = this.#starts[index] as number;
    return sharedNames.text(this.#bytes, start, this.#ends[index] as number);
  }

  /** A 64-bit integer, rounded to what a number holds; NaN for anything else. */
  roundedInteger(index: number): number {
    const start = this.#starts[index] as number;
    const end = this.#ends[index] as number;
    if (!this.has(index) || end - start <= 15) return this.integer(index, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    const text = end - start > 20 ? '' : this.#bytes.toString('latin1', start, end);
    const value = integerText.test(text) ? Number(text) : Number.NaN;
    return Math.abs(value) <= 2 ** 63 ? value : Number.NaN;
  }

  /** A plain integer of at most 15 digits between `min` and `max`; NaN for anything else, also when absent. */
  integer(index: number, min: number, max: number): number {
    const bytes = this.#bytes;
    const start = this.#starts[index] as number;
    const end = this.#ends[index] as number;
    if (!this.has(index)) return Number.NaN;
    const isNegative = bytes[start] === 0x2d;
    let at = isNegative ? start + 1 : start;
    if (at === end || end - at > 15) return Number.NaN;
    let value = 0;
    for (; at < end; at++) {
      const digit = (bytes[at] as number) - 0x30;
      if (digit < 0 || digit > 9) return Number.NaN;
      value = value * 10 + digit;
    }
    if (isNegative) value = -value;
    return value >= min && value <= max ? value : Number.NaN;
  }
}

/** For a request that was put aside: another header has been scanned since. */
function scanAgain(command: ReceivedCommand): void {
  command.fieldScan = latestFieldSpans.begin();
  if (command.serializeType === SerializeType.ROCKETMQ) {
    scanBinaryExtFields(command.bytes, command.extStart, command.extEnd, latestFieldSpans);
    return;
  }
  const scanner = new JsonScanner();
  scanner.open(command.bytes, command.extStart, command.extEnd);
  scanJsonExtFields(scanner, latestFieldSpans);
}

/** A place from four bytes that together tell the names apart: first, last, length, and one at a quarter (minOffset, maxOffset). */
function hashOf(bytes: Buffer, start: number, end: number, multiplier: number): number {
  const first = bytes[start] as number;
  const quarter = bytes[start + ((end - start) >> 2)] as number;
  const last = bytes[end - 1] as number;
  return Math.imul(first | (quarter << 8) | (last << 16) | ((end - start) << 24), multiplier) >>> hashShift;
}
