import { ProtocolError } from '@orbitmq/core/kernel';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };
export type JsonObject = { [name: string]: JsonValue };

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Nesting that is still read; Java's bodies nest about eight times. */
export const fastjsonDepthMax = 64;
/** Values in one text: bounds the memory that a text of empty arrays would take. */
export const fastjsonValuesMax = 4_000_000;

/** Back references in one text: each walks its path again, and Java repeats few objects. */
const fastjsonReferencesMax = 10_000;
/** Characters that back references of one text may stand for: references to references would double with each. */
export const fastjsonExpansionMax = 4 * 1024 * 1024;

export interface ParseFastjsonOptions {
  /** Default: `fastjsonValuesMax`. */
  readonly valuesMax?: number | undefined;
  /** Whether `{"$ref":"path"}` is a back reference; else it is an object with that member. Default: true. */
  readonly resolvesReferences?: boolean | undefined;
}

const backslash = 0x5c;

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordPattern = /[A-Za-z_$][\w$]*/y;
const hexPattern = /^[0-9A-Fa-f]{4}$/;

/** A key of Java's MessageQueue as one text; any other object key as its JSON. */
function normaliseKey(key: JsonValue): string {
  if (isJsonObject(key)) {
    const { topic, brokerName, queueId } = key;
    if (typeof topic === 'string' && typeof brokerName === 'string' && typeof queueId === 'number') {
      return `${topic}@${brokerName}@${queueId}`;
    }
  }
  return typeof key === 'string' ? key : JSON.stringify(key);
}

class FastjsonParser {
  readonly #text: string;
  readonly #valuesMax: number;
  #at = 0;
  #values = 0;
  #references = 0;
  #isInKey = false;
  /** The containers that are being read, outermost first. */
  readonly #open: JsonValue[] = [];
  /** Characters of each container that is read, with what its references stand for; undefined when nothing refers to one. */
  readonly #weights: Map<JsonValue, number> | undefined;
  /** Characters that the references so far stand for. */
  #expansion = 0;

  constructor(text: string, { valuesMax = fastjsonValuesMax, resolvesReferences = true }: ParseFastjsonOptions) {
    this.#text = text;
    this.#valuesMax = valuesMax;
    this.#weights = resolvesReferences && text.includes('$ref') ? new Map() : undefined;
  }

  parse(): JsonValue {
    const value = this.#value();
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('something follows the value');
    return value;
  }

  #fail(reason: string): never {
    throw new ProtocolError('BODY_INVALID', `the JSON body is malformed at ${this.#at}: ${reason}`);
  }

  #skipSpace(): void {
    const text = this.#text;
    let at = this.#at;
    for (; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) break;
    }
    this.#at = at;
  }

  #peek(): string {
    this.#skipSpace();
    return this.#text[this.#at] ?? '';
  }

  #take(expected: string): void {
    if (this.#peek() !== expected) this.#fail(`"${expected}" is expected`);
    this.#at++;
  }

  #value(): JsonValue {
    if (++this.#values > this.#valuesMax) this.#fail(`it has more than ${this.#valuesMax} values`);
    const first = this.#peek();
    if (first === '{') return this.#object();
    if (first === '[') return this.#array();
    if (first === '"' || first === "'") return this.#string(first);
    if (first === '-' || (first >= '0' && first <= '9')) return Number(this.#match(numberPattern, 'a number'));
    return this.#word();
  }

  #match(pattern: RegExp, what: string): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0];
    if (match === undefined) return this.#fail(`${what} is expected`);
    this.#at += match.length;
    return match;
  }

  #word(): JsonValue {
    switch (this.#match(wordPattern, 'a value')) {
      case 'true':
        return true;
      case 'false':
        return false;
      case 'null':
        return null;
      default:
        return this.#fail('a word is unknown');
    }
  }

  /** Most strings have no escape, and then are one slice. */
  #string(quote: string): string {
    const text = this.#text;
    const start = this.#at + 1;
    const end = text.indexOf(quote, start);
    if (end < 0) this.#fail('a string has no end');
    const slice = text.slice(start, end);
    if (slice.includes('\\')) return this.#escapedString(quote.charCodeAt(0));
    this.#at = end + 1;
    return slice;
  }

  #escapedString(quote: number): string {
    const text = this.#text;
    let start = ++this.#at;
    let parsed = '';
    for (;;) {
      if (this.#at >= text.length) this.#fail('a string has no end');
      const unit = text.charCodeAt(this.#at);
      if (unit === quote) {
        parsed += text.slice(start, this.#at++);
        return parsed;
      }
      if (unit === backslash) {
        parsed += text.slice(start, this.#at++) + this.#escape();
        start = this.#at;
      } else {
        this.#at++;
      }
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at++] ?? '';
    if (letter === 'u') {
      const digits = this.#text.slice(this.#at, this.#at + 4);
      if (!hexPattern.test(digits)) this.#fail('an escape is not four hexadecimal digits');
      this.#at += 4;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    return Object.hasOwn(shortEscapes, letter) ? (shortEscapes[letter] as string) : this.#fail('an escape is unknown');
  }

  #enter(container: JsonValue): void {
    if (this.#open.length >= fastjsonDepthMax) this.#fail('it nests too deeply');
    this.#open.push(container);
    this.#at++;
  }

  /** `start`: what `#position` was before the container. */
  #leave(container: JsonValue, start: number): void {
    this.#open.pop();
    this.#weights?.set(container, this.#position - start);
  }

  get #position(): number {
    return this.#at + this.#expansion;
  }

  #array(): JsonValue {
    const items: JsonValue[] = [];
    const start = this.#position;
    this.#enter(items);
    if (this.#peek() !== ']') {
      for (;;) {
        items.push(this.#value());
        if (this.#peek() !== ',') break;
        this.#at++;
      }
    }
    this.#take(']');
    this.#leave(items, start);
    return items;
  }

  #object(): JsonValue {
    const object = Object.create(null) as JsonObject;
    const start = this.#position;
    this.#enter(object);
    if (this.#peek() !== '}') {
      for (;;) {
        const key = this.#key();
        this.#take(':');
        object[key] = this.#value();
        if (this.#peek() !== ',') break;
        this.#at++;
      }
    }
    this.#take('}');
    this.#leave(object, start);
    if (this.#weights === undefined) return object;
    const reference = object.$ref;
    return typeof reference === 'string' && Object.keys(object).length === 1 ? this.#resolve(reference) : object;
  }

  /** A quoted name, a bare name or number, or (of Java maps keyed by objects) a whole object. */
  #key(): string {
    const first = this.#peek();
    if (first === '"' || first === "'") return this.#string(first);
    if (first === '{' || first === '[') return this.#compositeKey();
    if (first === '-' || (first >= '0' && first <= '9')) return this.#match(numberPattern, 'a key');
    return this.#match(wordPattern, 'a key');
  }

  /** Such a key holds no other one: the text of keys of keys of keys would double with each. */
  #compositeKey(): string {
    if (this.#isInKey) this.#fail('a key inside a key is an object');
    this.#isInKey = true;
    const key = normaliseKey(this.#value());
    this.#isInKey = false;
    return key;
  }

  /** The earlier value that fastjson refers to instead of repeating it; null when it is not there or not complete yet. */
  #resolve(reference: string): JsonValue {
    if (this.#isInKey) this.#fail('a key has a back reference');
    this.#references += 1;
    if (this.#references > fastjsonReferencesMax) this.#fail(`more than ${fastjsonReferencesMax} back references`);
    let value: JsonValue = this.#open[0] ?? null;
    const [root, ...steps] = reference.replaceAll('[', '.').replaceAll(']', '').split('.');
    if (root !== '$') return null;
    for (const step of steps) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return null;
      value = (value as JsonObject)[step] ?? null;
    }
    if (this.#open.includes(value)) return null;
    this.#expansion += typeof value === 'string' ? value.length : (this.#weights?.get(value) ?? 0);
    if (this.#expansion > fastjsonExpansionMax) {
      this.#fail(`its back references stand for more than ${fastjsonExpansionMax} characters`);
    }
    return value;
  }
}

/**
 * Reads what Java's fastjson writes (page 01 §9): JSON, and also bare integer keys, object keys (`topic@brokerName@queueId`),
 * `$ref` back references, bare and single-quoted names. Nesting, the number of values and what references stand for are
 * bounded; objects have no prototype. Throws a `ProtocolError` `BODY_INVALID` and nothing else.
 */
export function parseFastjson(text: string, options: ParseFastjsonOptions = {}): JsonValue {
  return new FastjsonParser(text, options).parse();
}
