import { ProtocolError } from '@orbitmq/core/kernel';
import { inOneTurn, type Steps } from './steps.js';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };
export type JsonObject = { [name: string]: JsonValue };

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Nesting that is still read; Java's bodies nest about eight times. */
export const fastjsonDepthMax = 64;
/** Values in one text: bounds the memory that a text of empty arrays would take. */
export const fastjsonValuesMax = 4_000_000;

/** Escapes in one string of a peer, which is read in one go. */
export const fastjsonEscapesMax = 250_000;

/** Back references in one text: each walks its path again, and Java repeats few objects. */
const fastjsonReferencesMax = 10_000;
/** Characters that back references of one text may stand for: references to references would double with each. */
export const fastjsonExpansionMax = 4 * 1024 * 1024;

export interface ParseFastjsonOptions {
  /** Default: `fastjsonValuesMax`. */
  readonly valuesMax?: number | undefined;
  /** Members of one object: the last ones of very many, and the list of them all, cost long turns. Default: as many as there are values. */
  readonly membersMax?: number | undefined;
  /** Escapes in one string. Default: `fastjsonEscapesMax`. */
  readonly escapesMax?: number | undefined;
  /** Whether `{"$ref":"path"}` is a back reference; else it is an object with that member. Default: true. */
  readonly resolvesReferences?: boolean | undefined;
}

const backslash = 0x5c;
/** As many arguments as a call may have. */
const unitsPerPart = 4096;

const shortEscapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordPattern = /[A-Za-z_$][\w$]*/y;

/**
 * An object that inherits nothing. One of `Object.create(null)` would do, and is a hash table of its own from the start: several times
 * the memory and time of one whose form is shared by all of its kind.
 */
class EmptyObject {}
Object.setPrototypeOf(EmptyObject.prototype, null);
Reflect.deleteProperty(EmptyObject.prototype, 'constructor');

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

/** Values and characters that are read in one turn of the event loop: a few milliseconds. */
const valuesPerTurn = 4000;
const charactersPerTurn = 256 * 1024;

/**
 * Reads one value of a text, as far as it is asked to at a time. Invariants: `#open` and the lists beside it are of one length; between
 * two steps the next thing in the text is a value.
 */
class FastjsonParser {
  readonly #text: string;
  readonly #valuesMax: number;
  readonly #membersMax: number;
  readonly #escapesMax: number;
  #at = 0;
  #values = 0;
  /** In the string that is read. */
  #escapes = 0;
  #references = 0;
  /** The containers that are being read, outermost first. */
  readonly #open: (JsonValue[] | JsonObject)[] = [];
  /** Of each of them, when it is an object, the name of the member that is read. */
  readonly #names: string[] = [];
  /** Of each of them, how many members are read. */
  readonly #memberCounts: number[] = [];
  /** Of each of them, what `#position` was before it. */
  readonly #starts: number[] = [];
  /** Which of them is the key of the one before it; -1: none. */
  #keyAt = -1;
  /** Characters of each container that is read, with what its references stand for; undefined when nothing refers to one. */
  readonly #weights: Map<JsonValue, number> | undefined;
  /** Characters that the references so far stand for. */
  #expansion = 0;
  #whole: JsonValue = null;

  constructor(text: string, options: ParseFastjsonOptions) {
    const { valuesMax = fastjsonValuesMax, membersMax = valuesMax, escapesMax = fastjsonEscapesMax } = options;
    const { resolvesReferences = true } = options;
    this.#text = text;
    this.#valuesMax = valuesMax;
    this.#membersMax = membersMax;
    this.#escapesMax = escapesMax;
    this.#weights = resolvesReferences && text.includes('$ref') ? new Map() : undefined;
  }

  /** Reads about so much further; true when `whole` is the whole value. */
  advance(valueCount: number, characterCount: number): boolean {
    const valuesEnd = this.#values + valueCount;
    const end = this.#at + characterCount;
    while (this.#values < valuesEnd && this.#at < end) if (this.#step()) return true;
    return false;
  }

  get whole(): JsonValue {
    return this.#whole;
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

  /** Reads a value or, of a container that is not empty, what is before its first one, and all that ends behind; true at the very end. */
  #step(): boolean {
    let value = this.#begin();
    while (value !== undefined) {
      const parentAt = this.#open.length - 1;
      const parent = this.#open[parentAt];
      if (parent === undefined) return this.#finish(value);
      if (this.#keyAt === parentAt + 1) {
        this.#keyAt = -1;
        this.#names[parentAt] = normaliseKey(value);
        this.#take(':');
        return false;
      }
      const isList = Array.isArray(parent);
      if (isList) parent.push(value);
      else parent[this.#names[parentAt] ?? ''] = value;
      if (this.#peek() === ',') {
        this.#at++;
        if (!isList) this.#key();
        return false;
      }
      value = this.#end(parent);
    }
    return false;
  }

  #finish(value: JsonValue): true {
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('something follows the value');
    this.#whole = value;
    return true;
  }

  /** Undefined when the value is a container with something in it, which is open then. */
  #begin(): JsonValue | undefined {
    if (++this.#values > this.#valuesMax) this.#fail(`it has more than ${this.#valuesMax} values`);
    const first = this.#peek();
    if (first === '{') {
      const object = new EmptyObject() as unknown as JsonObject;
      this.#enter(object);
      if (this.#peek() === '}') return this.#end(object);
      this.#key();
      return undefined;
    }
    if (first === '[') {
      const items: JsonValue[] = [];
      this.#enter(items);
      return this.#peek() === ']' ? this.#end(items) : undefined;
    }
    if (first === '"' || first === "'") return this.#string(first);
    if (first === '-' || (first >= '0' && first <= '9')) return Number(this.#match(numberPattern, 'a number'));
    return this.#word();
  }

  #enter(container: JsonValue[] | JsonObject): void {
    if (this.#open.length >= fastjsonDepthMax) this.#fail('it nests too deeply');
    this.#open.push(container);
    this.#names.push('');
    this.#memberCounts.push(0);
    this.#starts.push(this.#position);
    this.#at++;
  }

  /** What the innermost container, which ends here, stands for. */
  #end(container: JsonValue[] | JsonObject): JsonValue {
    const isList = Array.isArray(container);
    this.#take(isList ? ']' : '}');
    this.#open.pop();
    this.#names.pop();
    this.#memberCounts.pop();
    const start = this.#starts.pop() ?? 0;
    if (this.#weights === undefined) return container;
    this.#weights.set(container, this.#position - start);
    if (isList) return container;
    const reference = container.$ref;
    return typeof reference === 'string' && Object.keys(container).length === 1 ? this.#resolve(reference) : container;
  }

  get #position(): number {
    return this.#at + this.#expansion;
  }

  /**
   * A quoted name, a bare name or number, and the colon behind it; or (of Java maps keyed by objects) only finds that the key is a
   * container, which is read like any value. Such a key holds no other one: the text of keys of keys of keys would double with each.
   */
  #key(): void {
    const first = this.#peek();
    const objectAt = this.#open.length - 1;
    const memberCount = (this.#memberCounts[objectAt] ?? 0) + 1;
    if (memberCount > this.#membersMax) this.#fail(`an object has more than ${this.#membersMax} members`);
    this.#memberCounts[objectAt] = memberCount;
    if (first === '{' || first === '[') {
      if (this.#keyAt >= 0) this.#fail('a key inside a key is an object');
      this.#keyAt = objectAt + 1;
      return;
    }
    if (first === '"' || first === "'") this.#names[objectAt] = this.#string(first);
    else if (first === '-' || (first >= '0' && first <= '9')) this.#names[objectAt] = this.#match(numberPattern, 'a key');
    else this.#names[objectAt] = this.#match(wordPattern, 'a key');
    this.#take(':');
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

  /** Unit by unit into one piece of memory: with as many parts as there may be escapes, a text is long in the making. */
  #escapedString(quote: number): string {
    const text = this.#text;
    this.#escapes = 0;
    this.#at++;
    const units = new Uint16Array(this.#unitsUpTo(quote));
    let count = 0;
    let union = 0;
    for (;;) {
      if (this.#at >= text.length) this.#fail('a string has no end');
      let unit = text.charCodeAt(this.#at++);
      if (unit === quote) break;
      if (unit === backslash) unit = this.#escape();
      units[count++] = unit;
      union |= unit;
    }
    if (union <= 0xff) return Buffer.from(units.subarray(0, count)).toString('latin1');
    const parts: string[] = [];
    for (let at = 0; at < count; at += unitsPerPart) {
      parts.push(String.fromCharCode(...units.subarray(at, Math.min(at + unitsPerPart, count))));
    }
    return parts.join('');
  }

  /** To the end of the string at hand: no fewer than what it stands for has. */
  #unitsUpTo(quote: number): number {
    const text = this.#text;
    let at = this.#at;
    for (; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit === quote) break;
      if (unit === backslash) at++;
    }
    return at - this.#at;
  }

  /** The unit that the escape at hand stands for. */
  #escape(): number {
    if (++this.#escapes > this.#escapesMax) this.#fail(`a string has more than ${this.#escapesMax} escapes`);
    const letter = this.#text[this.#at++] ?? '';
    if (letter === 'u') {
      const unit = this.#hexDigits();
      if (unit < 0) this.#fail('an escape is not four hexadecimal digits');
      this.#at += 4;
      return unit;
    }
    return shortEscapes.get(letter)?.charCodeAt(0) ?? this.#fail('an escape is unknown');
  }

  /** The number that the next four characters stand for; negative when one is no hexadecimal digit. */
  #hexDigits(): number {
    let number = 0;
    for (let at = this.#at; at < this.#at + 4; at++) {
      const unit = this.#text.charCodeAt(at);
      const letter = unit | 0x20;
      if (unit >= 0x30 && unit <= 0x39) number = number * 16 + unit - 0x30;
      else if (letter >= 0x61 && letter <= 0x66) number = number * 16 + letter - 0x57;
      else return -1;
    }
    return number;
  }

  /** The earlier value that fastjson refers to instead of repeating it; null when it is not there or not complete yet. */
  #resolve(reference: string): JsonValue {
    if (this.#keyAt >= 0) this.#fail('a key has a back reference');
    this.#references += 1;
    if (this.#references > fastjsonReferencesMax) this.#fail(`more than ${fastjsonReferencesMax} back references`);
    let value: JsonValue = this.#open[0] ?? null;
    const [root, ...steps] = reference.replaceAll('[', '.').replaceAll(']', '').split('.');
    if (root !== '$') return null;
    for (const step of steps) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return null;
      value = (value as JsonObject)[step] ?? null;
    }
    if (isContainer(value) && this.#open.includes(value)) return null;
    this.#expansion += typeof value === 'string' ? value.length : (this.#weights?.get(value) ?? 0);
    if (this.#expansion > fastjsonExpansionMax) {
      this.#fail(`its back references stand for more than ${fastjsonExpansionMax} characters`);
    }
    return value;
  }
}

function isContainer(value: JsonValue): value is JsonValue[] | JsonObject {
  return typeof value === 'object' && value !== null;
}

/**
 * Reads what Java's fastjson writes (page 01 §9): JSON, and also bare integer keys, object keys (`topic@brokerName@queueId`),
 * `$ref` back references, bare and single-quoted names. Nesting, the number of values and what references stand for are
 * bounded; objects have no prototype. Throws a `ProtocolError` `BODY_INVALID` and nothing else.
 */
export function parseFastjson(text: string, options: ParseFastjsonOptions = {}): JsonValue {
  return inOneTurn(parseFastjsonSteps(text, options));
}

/** `parseFastjson` of what may be a large text. */
export function* parseFastjsonSteps(text: string, options: ParseFastjsonOptions = {}): Steps<JsonValue> {
  const parser = new FastjsonParser(text, options);
  while (!parser.advance(valuesPerTurn, charactersPerTurn)) yield;
  return parser.whole;
}
