import { createHash } from 'node:crypto';

/**
 * A key with its topic, in 128 bits: four numbers of 32. Cut from SHA-256, so that nobody finds two keys that meet, not even who
 * wants to: the window trusts it where the record itself can no longer be asked.
 */
export interface KeyHash {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

export function keyHashOf(topic: string, key: string): KeyHash {
  // No topic has a line break, so that no two pairs are the same text.
  const digest = createHash('sha256').update(`${topic}\n${key}`).digest();
  return { a: digest.readUInt32LE(0), b: digest.readUInt32LE(4), c: digest.readUInt32LE(8), d: digest.readUInt32LE(12) };
}
