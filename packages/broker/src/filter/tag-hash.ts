import { nameValueSeparator, PropertyName, propertySeparator, tagsCode } from '@orbitmq/protocol';

const separator = propertySeparator.charCodeAt(0);
const name = Buffer.from(PropertyName.TAGS + nameValueSeparator);

/**
 * The tag code of a stored property string: Java's `String.hashCode` of TAGS, 0 without a tag (page 04 §6). The last TAGS
 * wins, as in Java's map. It runs once per dispatched message, so ASCII tags are hashed in place, without a string.
 */
export function tagHash(properties: Buffer): number {
  let end = properties.length;
  while (end > 0) {
    const start = properties.lastIndexOf(separator, end - 1) + 1;
    if (end - start > name.length && hasName(properties, start)) return hashOf(properties, start + name.length, end);
    end = start - 1;
  }
  return 0;
}

function hasName(properties: Buffer, start: number): boolean {
  for (let i = 0; i < name.length; i += 1) {
    if (properties[start + i] !== name[i]) return false;
  }
  return true;
}

function hashOf(properties: Buffer, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at += 1) {
    const byte = properties[at] ?? 0;
    if (byte > 0x7f) return tagsCode(properties.toString('utf8', start, end));
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  return hash;
}
