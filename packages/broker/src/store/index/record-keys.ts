/**
 * The keys of one record of the log, as hashes: its unique key, each word of KEYS, its tags (Java: DispatchRequest and
 * IndexService.buildIndex; page 20 §5). Read from the record's own bytes, without a string; one object serves all records.
 */
import { RecordAt, readInt64, SysFlag, spansOfRecord } from '@orbitmq/protocol';
import { foldSeparator, foldTagMark, foldUtf8, keyHashOf } from './key-hash.js';

const valueSeparator = 0x01;
const propertyEnd = 0x02;
const blank = 0x20;
/** A property string has at most 32,767 bytes, and a word of KEYS takes two of them. */
const keysMax = 16_400;

const uniqueKeyName = Buffer.from('UNIQ_KEY', 'latin1');
const keysName = Buffer.from('KEYS', 'latin1');
const tagsName = Buffer.from('TAGS', 'latin1');

/** Place of a property's value; empty when the record does not have it. */
interface ValueSpan {
  from: number;
  to: number;
}

export class RecordKeys {
  readonly hashes = new Int32Array(keysMax);
  count = 0;
  /** The same without the tags, which brokers before 5.5 do not index. */
  countWithoutTags = 0;
  storeTimestamp = 0;
  readonly #uniqueKey: ValueSpan = { from: 0, to: 0 };
  readonly #keys: ValueSpan = { from: 0, to: 0 };
  readonly #tags: ValueSpan = { from: 0, to: 0 };

  /** Takes the record at `at`, which stands at `physicalOffset` of the log; false when it is none. Rolled-back messages have no keys. */
  read(bytes: Buffer, at: number, limit: number, physicalOffset: number): boolean {
    this.count = 0;
    this.countWithoutTags = 0;
    const spans = spansOfRecord(bytes, at, limit);
    if (typeof spans === 'string' || readInt64(bytes, at + RecordAt.PHYSICAL_OFFSET) !== physicalOffset) return false;
    this.storeTimestamp = readInt64(bytes, spans.storeTimestampAt);
    if (!Number.isSafeInteger(this.storeTimestamp)) return false;
    const type = bytes.readInt32BE(at + RecordAt.SYS_FLAG) & SysFlag.TRANSACTION_MASK;
    if (type === SysFlag.TRANSACTION_ROLLBACK) return true;
    this.#findValues(bytes, spans.propertiesStart, at + spans.sizeBytes);
    this.#hash(bytes, foldSeparator(foldUtf8(0, bytes, spans.topicStart, spans.topicEnd)));
    return true;
  }

  has(keyHash: number): boolean {
    return this.hashes.subarray(0, this.count).includes(keyHash);
  }

  #hash(bytes: Buffer, topicHash: number): void {
    const uniqueKey = this.#uniqueKey;
    const keys = this.#keys;
    const tags = this.#tags;
    if (uniqueKey.to > uniqueKey.from) this.#add(foldUtf8(topicHash, bytes, uniqueKey.from, uniqueKey.to));
    for (let at = keys.from; at < keys.to; ) {
      let end = at;
      while (end < keys.to && bytes[end] !== blank) end += 1;
      if (end > at) this.#add(foldUtf8(topicHash, bytes, at, end));
      at = end + 1;
    }
    this.countWithoutTags = this.count;
    if (tags.to > tags.from) this.#add(foldUtf8(foldTagMark(topicHash), bytes, tags.from, tags.to));
  }

  #add(hashCode: number): void {
    this.hashes[this.count] = keyHashOf(hashCode);
    this.count += 1;
  }

  /** The rules of `decodeProperties`: the last of a repeated name counts, entries without a value do not. */
  #findValues(bytes: Buffer, from: number, to: number): void {
    this.#uniqueKey.to = this.#uniqueKey.from;
    this.#keys.to = this.#keys.from;
    this.#tags.to = this.#tags.from;
    for (let at = from; at < to; at += 1) {
      const nameStart = at;
      let split = -1;
      for (let byte = bytes[at]; at < to && byte !== propertyEnd; byte = bytes[at]) {
        if (byte === valueSeparator && split < 0) split = at;
        at += 1;
      }
      if (split < 0 || split === at - 1) continue;
      const value = this.#wanted(bytes, nameStart, split);
      if (value === undefined) continue;
      value.from = split + 1;
      value.to = at;
    }
  }

  #wanted(bytes: Buffer, from: number, to: number): ValueSpan | undefined {
    if (to - from === keysName.length) {
      if (isAt(bytes, from, keysName)) return this.#keys;
      return isAt(bytes, from, tagsName) ? this.#tags : undefined;
    }
    return to - from === uniqueKeyName.length && isAt(bytes, from, uniqueKeyName) ? this.#uniqueKey : undefined;
  }
}

function isAt(bytes: Buffer, at: number, name: Buffer): boolean {
  for (let index = 0; index < name.length; index += 1) if (bytes[at + index] !== name[index]) return false;
  return true;
}
