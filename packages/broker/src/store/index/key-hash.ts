import { javaStringHashCode } from '@orbitmq/protocol';

const separator = 0x23;
/** Java's Math.abs leaves this one negative; RocketMQ takes 0 for it. */
const hashMin = -2147483648;

/** What an index holds of a key: by its own name, or as a tag (since RocketMQ 5.5, `topic#T#tags`). */
export type IndexKeyKind = 'KEY' | 'TAG';

/** The hash under which a key of a topic is indexed (Java: IndexService.buildKey, IndexFile.indexKeyHashMethod). */
export function indexKeyHash(topic: string, key: string, kind: IndexKeyKind): number {
  return keyHashOf(javaStringHashCode(kind === 'TAG' ? `${topic}#T#${key}` : `${topic}#${key}`));
}

/** A string's hash code as RocketMQ's index uses it: never negative. */
export function keyHashOf(hashCode: number): number {
  return hashCode === hashMin ? 0 : Math.abs(hashCode);
}

/** Continues a Java hash code with the UTF-16 units of UTF-8 bytes; text beyond ASCII costs a string. */
export function foldUtf8(hashCode: number, bytes: Buffer, from: number, to: number): number {
  let hash = hashCode;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte >= 0x80) return foldText(hash, bytes.toString('utf8', at, to));
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  return hash;
}

/** Continues with `#`. */
export function foldSeparator(hashCode: number): number {
  return (Math.imul(hashCode, 31) + separator) | 0;
}

/** Continues with `T#`, which marks a tag. */
export function foldTagMark(hashCode: number): number {
  return foldSeparator((Math.imul(hashCode, 31) + 0x54) | 0);
}

function foldText(hashCode: number, text: string): number {
  let hash = hashCode;
  for (let index = 0; index < text.length; index += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}
