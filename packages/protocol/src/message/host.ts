import { ProtocolError, ValidationError } from '@orbitmq/core/kernel';

/**
 * Hosts as records carry them: the address (4 or 16 bytes) and the port as an int32 (page 08 §1). In text `ip:port`, split at
 * the last colon; an IPv6 address is written without brackets and read with or without.
 */

/** Bytes of a host with an IPv4 address. */
export const hostBytesV4 = 8;
/** Bytes of a host with an IPv6 address. */
export const hostBytesV6 = 20;

const portMax = 65535;

function notAHost(hostPort: string): never {
  throw new ValidationError('ARGUMENT_INVALID', `"${hostPort.slice(0, 80)}" is not an IP address and port`);
}

function parseIPv4(address: string): number[] | undefined {
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return undefined;
  return parts.map(Number);
}

/** The groups of one side of `::`, two bytes each; the last may be an IPv4 address. */
function parseGroups(text: string, mayEndInIPv4: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (mayEndInIPv4 && index === groups.length - 1 && group.includes('.')) {
      const tail = parseIPv4(group);
      if (tail === undefined) return undefined;
      bytes.push(...tail);
    } else {
      if (!/^[0-9A-Fa-f]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

function parseIPv6(address: string): number[] | undefined {
  const [head = '', tail, ...more] = address.split('::');
  if (more.length > 0) return undefined;
  const left = parseGroups(head, tail === undefined);
  if (tail === undefined) return left?.length === 16 ? left : undefined;
  const right = parseGroups(tail, true);
  if (left === undefined || right === undefined || left.length + right.length > 14) return undefined;
  return [...left, ...Array<number>(16 - left.length - right.length).fill(0), ...right];
}

function isMappedIPv4(bytes: readonly number[]): boolean {
  return bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
}

/** The bytes of an IP address: 4 or 16; an IPv4 address mapped into IPv6 gives 4. Undefined when it is not an address. */
function parseAddress(address: string): Buffer | undefined {
  const v4 = parseIPv4(address);
  if (v4 !== undefined) return Buffer.from(v4);
  const v6 = parseIPv6(address);
  if (v6 === undefined) return undefined;
  return Buffer.from(isMappedIPv4(v6) ? v6.slice(12) : v6);
}

/** `ip:port` as 8 or 20 bytes. Throws a `ValidationError` `ARGUMENT_INVALID`; a host name is not an address. */
export function encodeHost(hostPort: string): Buffer {
  const colon = hostPort.lastIndexOf(':');
  const portText = hostPort.slice(colon + 1);
  const port = Number(portText);
  if (colon < 0 || !/^\d{1,5}$/.test(portText) || port > portMax) notAHost(hostPort);
  const hostText = hostPort.slice(0, colon);
  const isBracketed = hostText.startsWith('[') && hostText.endsWith(']');
  const withoutBrackets = isBracketed ? hostText.slice(1, -1) : hostText;
  const zone = withoutBrackets.indexOf('%');
  const address = parseAddress(zone < 0 ? withoutBrackets : withoutBrackets.slice(0, zone));
  if (address === undefined) notAHost(hostPort);
  const host = Buffer.alloc(address.length + 4);
  host.set(address);
  host.writeInt32BE(port, address.length);
  return host;
}

/** Eight groups with the longest run of zeros left out (RFC 5952). */
function formatIPv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2));
  let runStart = -1;
  let runLength = 1;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > runLength) {
      runStart = start;
      runLength = end - start;
    }
  }
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return runStart < 0 ? text(0, 8) : `${text(0, runStart)}::${text(runStart + runLength, 8)}`;
}

/** A host of 8 or 20 bytes as `ip:port`. Throws a `ProtocolError` `RECORD_INVALID` for any other length. */
export function decodeHost(bytes: Buffer): string {
  if (bytes.length === hostBytesV4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}:${bytes.readInt32BE(4)}`;
  if (bytes.length === hostBytesV6) return `${formatIPv6(bytes)}:${bytes.readInt32BE(16)}`;
  throw new ProtocolError('RECORD_INVALID', `a host has 8 or 20 bytes, not ${bytes.length}`);
}
