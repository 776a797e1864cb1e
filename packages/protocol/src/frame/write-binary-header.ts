import type { ExtFields, RemotingCommand } from './remoting-command.js';

const fixedBytes = 21;
const int16Max = 32767;

/** Whether a command fits the binary header: its code, version and names are 16-bit there (page 01 §4). */
export function fitsBinaryHeader(command: RemotingCommand, extFields: ExtFields | undefined): boolean {
  if (command.code < -int16Max - 1 || command.code > int16Max || command.version > int16Max) return false;
  for (const name in extFields) {
    if (name.length * 3 > int16Max) return false;
  }
  return true;
}

/** Upper bound of a command's binary header. */
export function binaryHeaderBytesMax(command: RemotingCommand, extFields: ExtFields | undefined): number {
  let bytes = fixedBytes + (command.remark ?? '').length * 3;
  for (const name in extFields) bytes += 6 + name.length * 3 + (extFields[name] ?? '').length * 3;
  return bytes;
}

/** Writes a ROCKETMQ header; returns where the next byte goes. */
export function writeBinaryHeader(
  target: Buffer,
  start: number,
  command: RemotingCommand,
  extFields: ExtFields | undefined,
): number {
  target.writeInt16BE(command.code, start);
  target[start + 2] = command.language;
  target.writeInt16BE(command.version, start + 3);
  target.writeInt32BE(command.opaque, start + 5);
  target.writeInt32BE(command.flag, start + 9);
  const remarkBytes = command.remark === undefined ? 0 : target.write(command.remark, start + 17, 'utf8');
  target.writeInt32BE(remarkBytes, start + 13);
  const extStart = start + 21 + remarkBytes;
  let at = extStart;
  for (const name in extFields) {
    const value = extFields[name];
    if (value === undefined) continue;
    const nameBytes = target.write(name, at + 2, 'utf8');
    target.writeInt16BE(nameBytes, at);
    at += 2 + nameBytes;
    const valueBytes = target.write(value, at + 4, 'utf8');
    target.writeInt32BE(valueBytes, at);
    at += 4 + valueBytes;
  }
  target.writeInt32BE(at - extStart, extStart - 4);
  return at;
}
