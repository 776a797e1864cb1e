import { expressionProblem } from './expression-problem.js';

const keywords = new Set([
  'NOT',
  'AND',
  'OR',
  'BETWEEN',
  'IN',
  'TRUE',
  'FALSE',
  'NULL',
  'IS',
  'CONTAINS',
  'STARTSWITH',
  'ENDSWITH',
] as const);
type Keyword = typeof keywords extends Set<infer Word> ? Word : never;
type Sign = '(' | ')' | ',' | '=' | '<>' | '<' | '<=' | '>' | '>=' | '+' | '-';

export interface Token {
  readonly kind: Keyword | Sign | 'name' | 'text' | 'integer' | 'double' | 'end';
  /** Of a name, or of a literal without its quotes and suffix. */
  readonly text: string;
}

const signs: ReadonlyMap<string, Sign> = new Map(
  (['(', ')', ',', '=', '<>', '<', '<=', '>', '>=', '+', '-'] as const).map((sign) => [sign, sign]),
);

const Char = { NEW_LINE: 0x0a, RETURN: 0x0d, QUOTE: 0x27, STAR: 0x2a, MINUS: 0x2d, DOT: 0x2e, SLASH: 0x2f, ZERO: 0x30 } as const;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isNameStart(code: number): boolean {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || code === 0x5f || code === 0x24;
}

/**
 * The words of an expression, one at a time: what follows the part that is understood is never looked at beyond its first
 * word, as in RocketMQ. Every step moves on, so the whole costs no more than the length of the source.
 */
export class Tokenizer {
  readonly #source: string;
  readonly #lastLineEnd: number;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    this.#lastLineEnd = Math.max(source.lastIndexOf('\n'), source.lastIndexOf('\r'));
  }

  /** Throws the problem of a character that begins nothing, or of an unfinished text or comment. */
  next(): Token {
    this.#skipBlank();
    const start = this.#at;
    if (start >= this.#source.length) return { kind: 'end', text: '' };
    const code = this.#source.charCodeAt(start);
    if (isNameStart(code)) return this.#name(start);
    if (isDigit(code) || (code === Char.DOT && isDigit(this.#source.charCodeAt(start + 1)))) return this.#number(start);
    if (code === Char.QUOTE) return this.#text(start);
    const sign = signs.get(this.#source.slice(start, start + 2)) ?? signs.get(this.#source.charAt(start));
    if (sign === undefined) throw expressionProblem(`character ${start + 1} begins nothing`);
    this.#at += sign.length;
    return { kind: sign, text: sign };
  }

  #skipBlank(): void {
    const source = this.#source;
    for (;;) {
      const code = source.charCodeAt(this.#at);
      if (code === 0x20 || code === 0x09 || code === Char.NEW_LINE || code === Char.RETURN || code === 0x0c) {
        this.#at += 1;
      } else if (code === Char.MINUS && source.charCodeAt(this.#at + 1) === Char.MINUS && this.#at < this.#lastLineEnd) {
        // Without the end of a line behind it, it is two signs.
        while (source.charCodeAt(this.#at) !== Char.NEW_LINE && source.charCodeAt(this.#at) !== Char.RETURN) this.#at += 1;
      } else if (code === Char.SLASH && source.charCodeAt(this.#at + 1) === Char.STAR) {
        const end = source.indexOf('*/', this.#at + 2);
        if (end < 0) throw expressionProblem(`the comment at character ${this.#at + 1} does not end`);
        this.#at = end + 2;
      } else {
        return;
      }
    }
  }

  #name(start: number): Token {
    let end = start + 1;
    while (isNameStart(this.#source.charCodeAt(end)) || isDigit(this.#source.charCodeAt(end))) end += 1;
    this.#at = end;
    const text = this.#source.slice(start, end);
    const upper = text.toUpperCase();
    return { kind: isKeyword(upper) ? upper : 'name', text };
  }

  /** The longest number: an integer is 0 or begins with another digit, so `05` is two, but `05.5` and `05e1` are one. */
  #number(start: number): Token {
    const wholeEnd = this.#digits(start);
    let end = wholeEnd;
    let isDouble = false;
    if (this.#source.charCodeAt(end) === Char.DOT) {
      isDouble = true;
      end = this.#digits(end + 1);
    }
    const exponentEnd = this.#exponent(end);
    if (exponentEnd > end) {
      isDouble = true;
      end = exponentEnd;
    }
    if (isDouble) {
      this.#at = end;
      return { kind: 'double', text: this.#source.slice(start, end) };
    }
    end = this.#source.charCodeAt(start) === Char.ZERO ? start + 1 : wholeEnd;
    const isLong = (this.#source.charCodeAt(end) | 0x20) === 0x6c;
    // RocketMQ's grammar gives the suffix to numbers that do not begin with 0.
    this.#at = isLong && this.#source.charCodeAt(start) !== Char.ZERO ? end + 1 : end;
    return { kind: 'integer', text: this.#source.slice(start, end) };
  }

  #digits(from: number): number {
    let end = from;
    while (isDigit(this.#source.charCodeAt(end))) end += 1;
    return end;
  }

  /** Where an exponent at `from` ends; `from` when there is none. */
  #exponent(from: number): number {
    if ((this.#source.charCodeAt(from) | 0x20) !== 0x65) return from;
    const sign = this.#source.charAt(from + 1);
    const digits = sign === '+' || sign === '-' ? from + 2 : from + 1;
    const end = this.#digits(digits);
    return end > digits ? end : from;
  }

  /** The longest text: where the last quote is one of a doubled pair, the text ends before the other one of it. */
  #text(start: number): Token {
    let pair = -1;
    let at = start + 1;
    for (;;) {
      const quote = this.#source.indexOf("'", at);
      if (quote < 0) break;
      if (this.#source.charCodeAt(quote + 1) !== Char.QUOTE) return this.#textUntil(start, quote);
      pair = quote;
      at = quote + 2;
    }
    if (pair < 0) throw expressionProblem(`the text at character ${start + 1} does not end`);
    return this.#textUntil(start, pair);
  }

  #textUntil(start: number, quote: number): Token {
    this.#at = quote + 1;
    return { kind: 'text', text: this.#source.slice(start + 1, quote).replaceAll("''", "'") };
  }
}

function isKeyword(word: string): word is Keyword {
  return (keywords as ReadonlySet<string>).has(word);
}
