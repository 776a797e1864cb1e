import { nameValueSeparator, PropertyName, propertySeparator, ResponseCode } from '@orbitmq/protocol';
import { Refusal } from './refusal.js';

const propertyEnd = propertySeparator.charCodeAt(0);
const nameEnd = nameValueSeparator.charCodeAt(0);

/** What a property is to the broker. One bit each. */
const Seen = {
  WAIT: 1,
  UNIQ_KEY: 2,
  TAGS: 4,
  KEYS: 8,
  /** Changes where the message goes, or what is stored: it needs the long way. */
  SPECIAL: 16,
  IDEMPOTENCY_KEY: 32,
  PRIORITY: 64,
  SHARDING_KEY: 128,
} as const;

/** No stored property string is longer, so no longer one is looked at. */
export const propertiesBytesMax = 32_767;

export const propertiesTooLarge = new Refusal(
  ResponseCode.MESSAGE_ILLEGAL,
  `the message is illegal: its properties are larger than ${propertiesBytesMax} bytes`,
);

const transientPrefix = '__RMQ.TRANSIENT.';
const droppedNames: readonly string[] = ['POP_CK', '__CRC32#'];

/** Properties that are never stored: of pop, of the record's checksum, and of requests in flight (page 03 §3). */
export function isDroppedProperty(name: string): boolean {
  return droppedNames.includes(name) || name.startsWith(transientPrefix);
}

interface KnownName {
  readonly bytes: Buffer;
  readonly bit: number;
}

const specialNames: readonly string[] = [
  ...droppedNames,
  PropertyName.DELAY,
  PropertyName.TRANSACTION_PREPARED,
  PropertyName.TIMER_DELAY_SEC,
  PropertyName.TIMER_DELAY_MS,
  PropertyName.TIMER_DELIVER_MS,
  // The broker writes these itself, so a sender's own (of a forwarded message) is replaced.
  PropertyName.CLUSTER,
  PropertyName.MSG_REGION,
  PropertyName.TRACE_ON,
  PropertyName.REAL_TOPIC,
  PropertyName.REAL_QUEUE_ID,
  PropertyName.TRANSACTION_ID,
];

/** Known names by their length, so that most others are told apart by one look. */
const knownNames: readonly (readonly KnownName[] | undefined)[] = tableOf([
  [PropertyName.WAIT, Seen.WAIT],
  [PropertyName.UNIQ_KEY, Seen.UNIQ_KEY],
  [PropertyName.TAGS, Seen.TAGS],
  [PropertyName.KEYS, Seen.KEYS],
  [PropertyName.IDEMPOTENCY_KEY, Seen.IDEMPOTENCY_KEY],
  [PropertyName.PRIORITY, Seen.PRIORITY],
  [PropertyName.SHARDING_KEY, Seen.SHARDING_KEY],
  ...specialNames.map((name) => [name, Seen.SPECIAL] as const),
]);

function tableOf(names: readonly (readonly [string, number])[]): (KnownName[] | undefined)[] {
  const table: (KnownName[] | undefined)[] = [];
  for (const [name, bit] of names) (table[name.length] ??= []).push({ bytes: Buffer.from(name), bit });
  return table;
}

/** How the names begin that are dropped, and those that a broker writes itself: two bytes, so that a look at each entry's start is enough. */
const changedStarts: ReadonlySet<number> = new Set(
  [...droppedNames, transientPrefix, PropertyName.MSG_REGION, PropertyName.TRACE_ON].map((name) =>
    twoBytes(Buffer.from(name), 0),
  ),
);

function twoBytes(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** False: nothing in them is dropped or replaced, and they can be stored as they are. For the many entries of a batch. */
export function mayBeChanged(properties: Buffer): boolean {
  for (let at = 0; at < properties.length - 1; ) {
    if (changedStarts.has(twoBytes(properties, at))) return true;
    const end = properties.indexOf(propertyEnd, at);
    if (end < 0) return false;
    at = end + 1;
  }
  return false;
}

const transientBytes = Buffer.from(transientPrefix);
const noBytes = Buffer.alloc(0);

/**
 * One walk over a sent property string that notes what the broker acts on, without a map or a string per property: the send path
 * runs it for every message. `isPlain` says that the bytes can be stored as they are, with the broker's own properties behind them; any
 * others (a delay, a half message, doubled or broken entries) go through a map.
 */
export class SentProperties {
  /** False: the sender does not want to wait for the flush. */
  waitStore = true;
  uniqueKey: string | undefined;
  /** Ours: the broker stores one message with it per topic and window. */
  idempotencyKey: string | undefined;
  /** Means something on topics of type PRIORITY. */
  priority: string | undefined;
  isPlain = true;
  #seen = 0;
  #bytes: Buffer = noBytes;

  /** It is one of those that its sender wants to be in order. */
  get isOrdered(): boolean {
    return (this.#seen & Seen.SHARDING_KEY) !== 0;
  }

  read(bytes: Buffer): void {
    this.waitStore = true;
    this.uniqueKey = undefined;
    this.idempotencyKey = undefined;
    this.priority = undefined;
    this.isPlain = true;
    this.#seen = 0;
    this.#bytes = bytes;
    const { length } = bytes;
    let start = 0;
    let middle = -1;
    for (let at = 0; at <= length; at += 1) {
      const byte = at < length ? bytes[at] : propertyEnd;
      if (byte === nameEnd && middle < 0) middle = at;
      if (byte !== propertyEnd) continue;
      this.#entry(start, middle, at);
      start = at + 1;
      middle = -1;
    }
    this.#bytes = noBytes;
  }

  #entry(start: number, middle: number, end: number): void {
    if (start === end && end === this.#bytes.length) return;
    // Java drops entries without a name or a value.
    if (middle <= start || middle === end - 1) {
      this.isPlain = false;
      return;
    }
    const bit = bitOf(this.#bytes, start, middle);
    if (bit === 0) return;
    // Doubled: the last one wins, which only the map can say.
    if (bit === Seen.SPECIAL || (this.#seen & bit) !== 0) this.isPlain = false;
    this.#seen |= bit;
    if (bit === Seen.WAIT) this.waitStore = !isFalse(this.#bytes, middle + 1, end);
    else if (bit === Seen.UNIQ_KEY) this.uniqueKey = this.#bytes.toString('utf8', middle + 1, end);
    else if (bit === Seen.IDEMPOTENCY_KEY) this.idempotencyKey = this.#bytes.toString('utf8', middle + 1, end);
    else if (bit === Seen.PRIORITY) this.priority = this.#bytes.toString('utf8', middle + 1, end);
  }
}

function bitOf(bytes: Buffer, start: number, middle: number): number {
  const known = knownNames[middle - start];
  if (known !== undefined) {
    for (const name of known) {
      if (startsWith(bytes, start, name.bytes)) return name.bit;
    }
  }
  const isTransient = middle - start > transientBytes.length && startsWith(bytes, start, transientBytes);
  return isTransient ? Seen.SPECIAL : 0;
}

function startsWith(bytes: Buffer, start: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i += 1) {
    if (bytes[start + i] !== expected[i]) return false;
  }
  return true;
}

const falseBytes = Buffer.from('false');

function isFalse(bytes: Buffer, start: number, end: number): boolean {
  return end - start === falseBytes.length && startsWith(bytes, start, falseBytes);
}
