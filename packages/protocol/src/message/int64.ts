import { invariant } from '@orbitmq/core/kernel';

/** Signed 64-bit values as guarded numbers: offsets and times stay below 2^53. */
const word = 0x1_0000_0000;

/** Reads an int64; a value that a number cannot hold comes back unsafe, and the caller checks it. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * word + bytes.readUInt32BE(at + 4);
}

export function writeInt64(bytes: Buffer, value: number, at: number): void {
  invariant(Number.isSafeInteger(value), 'a 64-bit value is a safe integer');
  const high = Math.floor(value / word);
  bytes.writeInt32BE(high, at);
  bytes.writeUInt32BE(value - high * word, at + 4);
}
