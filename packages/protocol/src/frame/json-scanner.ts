import { ProtocolError } from '@orbitmq/core/kernel';

/** Nesting of a header that is still read; Java's own headers nest twice. */
export const headerDepthMax = 64;

/** What `JsonScanner.readValue` met. */
export const ValueKind = { STRING: 1, NUMBER: 2, BOOLEAN: 3, NULL: 4, COMPOSITE: 5 } as const;
export type ValueKind = (typeof ValueKind)[keyof typeof ValueKind];

const noBytes = Buffer.alloc(0);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OBJECT_END = 0x7d;

/** 1 for the bytes of hexadecimal digits. */
const hexDigits = new Uint8Array(256);
for (const digit of '0123456789abcdefABCDEF') hexDigits[digit.charCodeAt(0)] = 1;

/**
 * Walks over JSON text in place: it checks all of it (RFC 8259, as `JSON.parse` does, nesting bounded) and reports where keys
 * and values are, but builds nothing. Reusable: `open` starts over. Every violation throws a `ProtocolError` `HEADER_INVALID`.
 */
export class JsonScanner {
  bytes: Buffer = noBytes;
  at = 0;
  end = 0;
  /** The last key or value: a string without its quotes, anything else as it stands. */
  tokenStart = 0;
  tokenEnd = 0;
  /** The name of the last plain pair. */
  nameStart = 0;
  nameEnd = 0;
  /** The last string has escapes. */
  isEscaped = false;
  /** The last string has bytes beyond ASCII. */
  isWide = false;

  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** The next byte that is not white space, without taking it; -1 at the end. */
  peek(): number {
    if (this.at < this.end) {
      const byte = this.bytes[this.at] as number;
      if (byte > 0x20) return byte;
    }
    return this.#peekBehindSpace();
  }

  #peekBehindSpace(): number {
    const { bytes, end } = this;
    let at = this.at;
    while (at < end) {
      const byte = bytes[at] as number;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        this.at = at;
        return byte;
      }
      at++;
    }
    this.at = at;
    return -1;
  }

  /** Enters an object; `nextKey(true)` follows. */
  enterObject(): void {
    if (this.peek() !== 0x7b) this.fail('an object is expected');
    this.at++;
  }

  /** Reads the next key and its colon; false when the object ends. */
  nextKey(isFirst: boolean): boolean {
    if (this.#plainKey(isFirst)) return true;
    let byte = this.peek();
    if (byte === OBJECT_END) {
      this.at++;
      return false;
    }
    if (!isFirst) {
      if (byte !== COMMA) this.fail('a comma or the end of the object is expected');
      this.at++;
      byte = this.peek();
    }
    if (byte !== QUOTE) this.fail('a quoted name is expected');
    this.readString();
    if (this.peek() !== COLON) this.fail('a colon is expected');
    this.at++;
    return true;
  }

  /** Reads a name without escapes, its comma and colon without white space; answers false for any other form, nothing read. */
  #plainKey(isFirst: boolean): boolean {
    const { bytes } = this;
    let at = this.at;
    if (!isFirst && bytes[at++] !== COMMA) return false;
    if (bytes[at] !== QUOTE) return false;
    const start = ++at;
    let byte = bytes[at] as number;
    let union = 0;
    while (byte > QUOTE && byte !== BACKSLASH) {
      union |= byte;
      byte = bytes[++at] as number;
    }
    if (byte !== QUOTE || bytes[at + 1] !== COLON || at + 1 >= this.end) return false;
    this.tokenStart = start;
    this.tokenEnd = at;
    this.isEscaped = false;
    this.isWide = union > 0x7f;
    this.at = at + 2;
    return true;
  }

  /**
   * Reads `"name":"text"` written without white space, the form of nearly every field, and the comma before it (unless it is the
   * first) in one go. Answers false for any other form and has then read nothing. The name, which has no escapes, is at `nameStart`.
   */
  readPlainPair(isFirst: boolean): boolean {
    const { bytes, end } = this;
    let at = this.at;
    if (!isFirst && bytes[at++] !== COMMA) return false;
    if (bytes[at] !== QUOTE) return false;
    const nameStart = ++at;
    let byte = bytes[at] as number;
    while (byte > QUOTE && byte !== BACKSLASH) byte = bytes[++at] as number;
    if (byte !== QUOTE || bytes[at + 1] !== COLON || bytes[at + 2] !== QUOTE) return false;
    const nameEnd = at;
    at += 3;
    const tokenStart = at;
    let union = 0;
    let isEscaped = false;
    for (;;) {
      byte = bytes[at] as number;
      if (byte > QUOTE && byte !== BACKSLASH) {
        union |= byte;
        at++;
      } else if (byte === BACKSLASH) {
        isEscaped = true;
        at = this.#afterEscape(at + 1);
      } else if (byte === 0x20 || byte === 0x21) {
        at++;
      } else {
        break;
      }
    }
    // A string may have run on into what follows the header.
    if (byte !== QUOTE || at >= end) return false;
    this.nameStart = nameStart;
    this.nameEnd = nameEnd;
    this.tokenStart = tokenStart;
    this.tokenEnd = at;
    this.isEscaped = isEscaped;
    this.isWide = union > 0x7f;
    this.at = at + 1;
    return true;
  }

  /** Reads a whole number of one to nine digits that ends at a comma or brace; -1, and nothing read, for any other value. */
  readPlainInteger(): number {
    const { bytes, at: start } = this;
    let at = start;
    let value = 0;
    let byte = bytes[at] as number;
    while (byte >= 0x30 && byte <= 0x39) {
      value = value * 10 + (byte - 0x30);
      byte = bytes[++at] as number;
    }
    const digits = at - start;
    if (digits === 0 || digits > 9 || at >= this.end || (byte !== COMMA && byte !== OBJECT_END)) return -1;
    if (digits > 1 && bytes[start] === 0x30) return -1;
    this.at = at;
    return value;
  }

  /** Reads one value of any kind and says which. */
  readValue(depth = 0): ValueKind {
    const byte = this.peek();
    if (byte === QUOTE) {
      this.readString();
      return ValueKind.STRING;
    }
    if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      this.#readNumber();
      return ValueKind.NUMBER;
    }
    if (byte === 0x7b || byte === 0x5b) {
      const start = this.at;
      if (depth >= headerDepthMax) this.fail('it nests too deeply');
      if (byte === 0x7b) this.#skipObject(depth + 1);
      else this.#skipArray(depth + 1);
      this.tokenStart = start;
      this.tokenEnd = this.at;
      return ValueKind.COMPOSITE;
    }
    if (byte === 0x74) return this.#readWord('true', ValueKind.BOOLEAN);
    if (byte === 0x66) return this.#readWord('false', ValueKind.BOOLEAN);
    if (byte === 0x6e) return this.#readWord('null', ValueKind.NULL);
    return this.fail('a value is expected');
  }

  /** Only white space may follow. */
  finish(): void {
    if (this.peek() !== -1) this.fail('nothing may follow the object');
  }

  /** The last string token as text. */
  stringToken(): string {
    return decodeStringToken(this.bytes, this.tokenStart, this.tokenEnd, this.isEscaped, this.isWide);
  }

  fail(reason: string): never {
    throw new ProtocolError('HEADER_INVALID', `the JSON header is malformed: ${reason}`);
  }

  readString(): void {
    const { bytes, end } = this;
    const start = this.at + 1;
    let at = start;
    let union = 0;
    let isEscaped = false;
    while (at < end) {
      const byte = bytes[at] as number;
      // The usual byte first: beyond the quote, and not a backslash.
      if (byte > QUOTE && byte !== BACKSLASH) {
        union |= byte;
        at++;
      } else if (byte === QUOTE) {
        this.tokenStart = start;
        this.tokenEnd = at;
        this.isEscaped = isEscaped;
        this.isWide = union > 0x7f;
        this.at = at + 1;
        return;
      } else if (byte === BACKSLASH) {
        isEscaped = true;
        at = this.#afterEscape(at + 1);
      } else {
        if (byte < 0x20) this.fail('a control character must be escaped');
        at++;
      }
    }
    this.fail('a string has no end');
  }

  #afterEscape(at: number): number {
    const { bytes, end } = this;
    if (at >= end) this.fail('a string has no end');
    switch (bytes[at] as number) {
      case 0x22:
      case 0x5c:
      case 0x2f:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return at + 1;
      case 0x75:
        return this.#afterHexDigits(at + 1);
      default:
        return this.fail('an escape is unknown');
    }
  }

  #afterHexDigits(at: number): number {
    const { bytes } = this;
    if (at + 4 <= this.end) {
      const first = (hexDigits[bytes[at] as number] as number) & (hexDigits[bytes[at + 1] as number] as number);
      const second = (hexDigits[bytes[at + 2] as number] as number) & (hexDigits[bytes[at + 3] as number] as number);
      if ((first & second) !== 0) return at + 4;
    }
    return this.fail('an escape is not four hexadecimal digits');
  }

  #readNumber(): void {
    const { bytes, end } = this;
    const start = this.at;
    let at = start;
    if (bytes[at] === 0x2d) at++;
    if (at < end && bytes[at] === 0x30) at++;
    else at = this.#afterDigits(at);
    if (at < end && bytes[at] === 0x2e) at = this.#afterDigits(at + 1);
    if (at < end && (bytes[at] === 0x65 || bytes[at] === 0x45)) {
      at++;
      if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at++;
      at = this.#afterDigits(at);
    }
    this.tokenStart = start;
    this.tokenEnd = at;
    this.at = at;
  }

  #afterDigits(start: number): number {
    const { bytes, end } = this;
    let at = start;
    while (at < end) {
      const byte = bytes[at] as number;
      if (byte < 0x30 || byte > 0x39) break;
      at++;
    }
    if (at === start) this.fail('a number lacks digits');
    return at;
  }

  #readWord(word: string, kind: ValueKind): ValueKind {
    const start = this.at;
    if (start + word.length > this.end) this.fail('a value is expected');
    for (let index = 0; index < word.length; index++) {
      if (this.bytes[start + index] !== word.charCodeAt(index)) this.fail('a value is expected');
    }
    this.tokenStart = start;
    this.tokenEnd = start + word.length;
    this.at = this.tokenEnd;
    return kind;
  }

  #skipObject(depth: number): void {
    this.at++;
    let isFirst = true;
    while (this.nextKey(isFirst)) {
      isFirst = false;
      this.readValue(depth);
    }
  }

  #skipArray(depth: number): void {
    this.at++;
    if (this.peek() === 0x5d) {
      this.at++;
      return;
    }
    for (;;) {
      this.readValue(depth);
      const byte = this.peek();
      this.at++;
      if (byte === 0x5d) return;
      if (byte !== COMMA) this.fail('a comma or the end of the array is expected');
    }
  }
}

/** The text of a string token that a scanner has checked. */
function decodeStringToken(bytes: Buffer, start: number, end: number, isEscaped: boolean, isWide: boolean): string {
  if (start === end) return '';
  if (isEscaped) return JSON.parse(bytes.toString('utf8', start - 1, end + 1)) as string;
  return isWide ? bytes.toString('utf8', start, end) : bytes.toString('latin1', start, end);
}
