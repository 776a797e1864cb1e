import { invariant } from '@orbitmq/core/kernel';

/**
 * Text and numbers straight into bytes. Each function writes at `at` and returns where the next byte goes; the caller has made
 * room: at most `jsonTextBytesMax` for a JSON string, one byte per character for ASCII, 20 for a number.
 */

/** Two digits each of 00..99. */
const digitPairs = Buffer.from(Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0')).join(''), 'latin1');
const hexDigits = Buffer.from('0123456789abcdef', 'latin1');
const largestInt32 = 0xffffffff;
/** From this length on a native check and copy beat a loop. */
const nativeLengthMin = 32;
const needsEscape = /[^ !#-[\]-~]/;

/** Upper bound of a JSON string with its quotes: every UTF-16 unit as `\uXXXX`. */
export function jsonTextBytesMax(text: string): number {
  return text.length * 6 + 2;
}

/** A constant piece of a header, written by `writeBytes`. */
export function pieceOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

export function writeBytes(target: Buffer, at: number, piece: Buffer): number {
  return at + piece.copy(target, at);
}

/** Writes text that is known to be ASCII. */
export function writeAscii(target: Buffer, at: number, text: string): number {
  if (text.length >= nativeLengthMin) return at + target.write(text, at, 'latin1');
  for (let index = 0; index < text.length; index++) target[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/** Writes a JSON string with its quotes, escaped as `JSON.stringify` does but for the short escapes. */
export function writeJsonText(target: Buffer, start: number, text: string): number {
  const { length } = text;
  let at = start;
  target[at++] = 0x22;
  if (length >= nativeLengthMin && !needsEscape.test(text)) {
    at += target.write(text, at, 'latin1');
  } else {
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x22 && unit < 0x7f && unit !== 0x5c) target[at++] = unit;
      else if (unit > 0x7e) return writeWideText(target, start, text);
      else at = writeEscaped(target, at, unit);
    }
  }
  target[at++] = 0x22;
  return at;
}

/** One of the units below 0x7f that do not stand for themselves, or a space or exclamation mark. */
function writeEscaped(target: Buffer, start: number, unit: number): number {
  let at = start;
  if (unit < 0x20) {
    target[at++] = 0x5c;
    target[at++] = 0x75;
    target[at++] = 0x30;
    target[at++] = 0x30;
    target[at++] = hexDigits[unit >> 4] as number;
    target[at++] = hexDigits[unit & 0xf] as number;
    return at;
  }
  if (unit === 0x22 || unit === 0x5c) target[at++] = 0x5c;
  target[at++] = unit;
  return at;
}

function writeWideText(target: Buffer, at: number, text: string): number {
  return at + target.write(JSON.stringify(text), at, 'utf8');
}

/** Writes an integer in decimal. */
export function writeDecimal(target: Buffer, start: number, value: number): number {
  invariant(Number.isSafeInteger(value), 'a number on the wire is an integer');
  let at = start;
  let rest = value;
  if (rest < 0) {
    target[at++] = 0x2d;
    rest = -rest;
  }
  if (rest > largestInt32) {
    // Two parts that each fit 32 bits: 2^53 has 16 digits.
    const high = Math.trunc(rest / 1e9);
    at = writeDigits(target, at, high, decimalDigits(high));
    return writeDigits(target, at, rest - high * 1e9, 9);
  }
  return writeDigits(target, at, rest, decimalDigits(rest));
}

/** Writes exactly `digits` digits, with leading zeros when the value has fewer. */
function writeDigits(target: Buffer, at: number, value: number, digits: number): number {
  let rest = value;
  let position = at + digits;
  while (position - at >= 2) {
    const quotient = Math.trunc(rest / 100);
    const pair = (rest - quotient * 100) * 2;
    target[--position] = digitPairs[pair + 1] as number;
    target[--position] = digitPairs[pair] as number;
    rest = quotient;
  }
  if (position > at) target[at] = 0x30 + rest;
  return at + digits;
}

function decimalDigits(value: number): number {
  if (value < 100000) {
    if (value < 100) return value < 10 ? 1 : 2;
    if (value < 1000) return 3;
    return value < 10000 ? 4 : 5;
  }
  if (value < 10000000) return value < 1000000 ? 6 : 7;
  if (value < 100000000) return 8;
  return value < 1000000000 ? 9 : 10;
}

/** Big-endian words, without the checks of `Buffer.writeInt32BE`: the caller has made room. */
export function writeWord(target: Buffer, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}
