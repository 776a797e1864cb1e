/**
 * The checksum of a JSON file, as its own first member `orbitmqCrc32`: it is written with the content in one step, RocketMQ's
 * brokers ignore it, and what they write has none. So a file of theirs is never accused, and one of ours is verified to the
 * last digit, which its JSON alone would not be: a flipped bit makes one number of another.
 */
import { crc32 } from 'node:zlib';
import { Pace, type Steps } from '@orbitmq/protocol';

const memberName = 'orbitmqCrc32';
const digitCount = 8;
const beforeDigits = Buffer.from(`{"${memberName}":"`, 'latin1');
const digitsEnd = beforeDigits.length + digitCount;
const quote = 0x22;
/** Bytes that are copied and summed up in one turn of the event loop: about a millisecond. */
const bytesPerTurn = 2 * 1024 * 1024;
const whiteSpace: readonly (number | undefined)[] = [0x09, 0x0a, 0x0d, 0x20];

/** `json` is the text of an object. */
export function sealJson(json: string): Buffer {
  const isEmpty = /^\{\s*\}\s*$/.test(json);
  const rest = Buffer.from(`"${isEmpty ? '' : ','}${json.slice(1).trimEnd()}`, 'utf8');
  return Buffer.concat([beforeDigits, Buffer.from(digitsOf(rest), 'latin1'), rest]);
}

/** The same for a large text in pieces, as `jsonInSteps` makes them. */
export function* sealJsonSteps(pieces: readonly Buffer[]): Steps<Buffer> {
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  // The brace that begins the text is the seal's, and two characters join what follows it to the digits.
  const sealed = Buffer.allocUnsafe(digitsEnd + sizeBytes + 1);
  beforeDigits.copy(sealed);
  let at = digitsEnd + sealed.write('",', digitsEnd, 'latin1');
  let sum = crc32(sealed.subarray(digitsEnd, at));
  const pace = new Pace(bytesPerTurn);
  for (const [index, piece] of pieces.entries()) {
    const from = at;
    at += piece.copy(sealed, at, index === 0 ? 1 : 0);
    sum = crc32(sealed.subarray(from, at), sum);
    if (pace.isSpent(piece.length)) yield;
  }
  sealed.write(digits(sum), beforeDigits.length, 'latin1');
  return sealed;
}

/** `none`: it was written by another broker, or changed by hand by someone who took the member out. */
export function sealOf(content: Buffer): 'intact' | 'damaged' | 'none' {
  if (!content.subarray(0, beforeDigits.length).equals(beforeDigits) || content[digitsEnd] !== quote) return 'none';
  const found = content.toString('latin1', beforeDigits.length, digitsEnd);
  // Other characters are damage of the checksum, not of what it covers.
  if (!/^[0-9a-f]*$/.test(found)) return 'none';
  return found === digitsOf(content.subarray(digitsEnd, endOf(content))) ? 'intact' : 'damaged';
}

/** Behind the last character that means something: an editor ends a file with a line end. */
function endOf(content: Buffer): number {
  let end = content.length;
  while (end > 0 && whiteSpace.includes(content[end - 1])) end -= 1;
  return end;
}

function digitsOf(rest: Buffer): string {
  return digits(crc32(rest));
}

function digits(sum: number): string {
  return sum.toString(16).padStart(digitCount, '0');
}
