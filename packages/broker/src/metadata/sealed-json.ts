/**
 * The checksum of a JSON file, as its own first member `orbitmqCrc32`: it is written with the content in one step, RocketMQ's
 * brokers ignore it, and what they write has none. So a file of theirs is never accused, and one of ours is verified to the
 * last digit, which its JSON alone would not be: a flipped bit makes one number of another.
 */
import { crc32 } from 'node:zlib';

const memberName = 'orbitmqCrc32';
const digitCount = 8;
const beforeDigits = Buffer.from(`{"${memberName}":"`, 'latin1');
const digitsEnd = beforeDigits.length + digitCount;
const quote = 0x22;
const whiteSpace: readonly (number | undefined)[] = [0x09, 0x0a, 0x0d, 0x20];

/** `json` is the text of an object. */
export function sealJson(json: string): Buffer {
  const isEmpty = /^\{\s*\}\s*$/.test(json);
  const rest = Buffer.from(`"${isEmpty ? '' : ','}${json.slice(1).trimEnd()}`, 'utf8');
  return Buffer.concat([beforeDigits, Buffer.from(digitsOf(rest), 'latin1'), rest]);
}

/** `none`: it was written by another broker, or changed by hand by someone who took the member out. */
export function sealOf(content: Buffer): 'intact' | 'damaged' | 'none' {
  if (!content.subarray(0, beforeDigits.length).equals(beforeDigits) || content[digitsEnd] !== quote) return 'none';
  const digits = content.toString('latin1', beforeDigits.length, digitsEnd);
  // Other characters are damage of the checksum, not of what it covers.
  if (!/^[0-9a-f]*$/.test(digits)) return 'none';
  return digits === digitsOf(content.subarray(digitsEnd, endOf(content))) ? 'intact' : 'damaged';
}

/** Behind the last character that means something: an editor ends a file with a line end. */
function endOf(content: Buffer): number {
  let end = content.length;
  while (end > 0 && whiteSpace.includes(content[end - 1])) end -= 1;
  return end;
}

function digitsOf(rest: Buffer): string {
  return crc32(rest).toString(16).padStart(digitCount, '0');
}
