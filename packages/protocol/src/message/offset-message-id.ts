import { invariant, ValidationError } from '@orbitmq/core/kernel';
import { decodeHost, hostBytesV4, hostBytesV6 } from './host.js';
import { readInt64 } from './int64.js';

const hexDigits = Buffer.from('0123456789ABCDEF', 'latin1');
/** The longest id: an IPv6 address, the port, the offset. */
const idCharactersMax = 56;
const scratch = Buffer.alloc(idCharactersMax);

function writeHex(at: number, byte: number): void {
  scratch[at] = hexDigits[byte >> 4] as number;
  scratch[at + 1] = hexDigits[byte & 0xf] as number;
}

/** The id that says where a message is stored: host and commit-log offset in upper-case hexadecimal (page 03 §5). */
export function encodeOffsetMessageId(storeHost: Buffer, physicalOffset: number): string {
  invariant(storeHost.length === hostBytesV4 || storeHost.length === hostBytesV6, 'a host has 8 or 20 bytes');
  invariant(Number.isSafeInteger(physicalOffset) && physicalOffset >= 0, 'an offset is a safe integer');
  return offsetMessageIdOf(storeHost, 0, storeHost.length, physicalOffset);
}

/** The same for the host, of 8 or 20 bytes, from `hostStart` to `hostEnd`. */
export function offsetMessageIdOf(bytes: Buffer, hostStart: number, hostEnd: number, physicalOffset: number): string {
  let at = 0;
  for (; at < hostEnd - hostStart; at++) writeHex(at * 2, bytes[hostStart + at] as number);
  const high = Math.trunc(physicalOffset / 0x1_0000_0000);
  const low = physicalOffset >>> 0;
  for (let shift = 24; shift >= 0; shift -= 8, at++) {
    writeHex(at * 2, (high >>> shift) & 0xff);
    writeHex(at * 2 + 8, (low >>> shift) & 0xff);
  }
  return scratch.toString('latin1', 0, at * 2 + 8);
}

/** Reads such an id. Throws a `ValidationError` `ARGUMENT_INVALID`. */
export function decodeOffsetMessageId(id: string): { address: string; physicalOffset: number } {
  const hostBytes = id.length / 2 - 8;
  if ((hostBytes === hostBytesV4 || hostBytes === hostBytesV6) && /^[0-9A-Fa-f]+$/.test(id)) {
    const bytes = Buffer.from(id, 'hex');
    const physicalOffset = readInt64(bytes, hostBytes);
    if (Number.isSafeInteger(physicalOffset)) return { address: decodeHost(bytes.subarray(0, hostBytes)), physicalOffset };
  }
  throw new ValidationError('ARGUMENT_INVALID', `"${id.slice(0, 80)}" is not an offset message id`);
}
