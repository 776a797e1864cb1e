import { languageName } from '../language-code.js';
import type { ExtFields, RemotingCommand } from './remoting-command.js';
import { jsonTextBytesMax, pieceOf, writeAscii, writeBytes, writeDecimal, writeJsonText } from './write-text.js';

/** Room for everything but remark and extended fields. */
const fixedBytesMax = 256;

/** Upper bound of a command's JSON header. */
export function jsonHeaderBytesMax(command: RemotingCommand, extFields: ExtFields | undefined): number {
  let bytes = fixedBytesMax;
  if (command.remark !== undefined) bytes += jsonTextBytesMax(command.remark);
  for (const name in extFields) bytes += jsonTextBytesMax(name) + jsonTextBytesMax(extFields[name] ?? '') + 2;
  return bytes;
}

const codePiece = pieceOf('{"code":');
const extFieldsPiece = pieceOf(',"extFields":{');
const flagPiece = pieceOf(',"flag":');
const languagePiece = pieceOf(',"language":"');
const opaquePiece = pieceOf('","opaque":');
const remarkPiece = pieceOf(',"remark":');
const versionPiece = pieceOf(',"serializeTypeCurrentRPC":"JSON","version":');

/** Writes a JSON header, members in the order of the alphabet as Java does (page 01 §2). */
export function writeJsonHeader(
  target: Buffer,
  start: number,
  command: RemotingCommand,
  extFields: ExtFields | undefined,
): number {
  let at = writeBytes(target, start, codePiece);
  at = writeDecimal(target, at, command.code);
  if (extFields !== undefined) {
    at = writeBytes(target, at, extFieldsPiece);
    let isFirst = true;
    for (const name in extFields) {
      const value = extFields[name];
      if (value === undefined) continue;
      if (!isFirst) target[at++] = 0x2c;
      isFirst = false;
      at = writeJsonText(target, at, name);
      target[at++] = 0x3a;
      at = writeJsonText(target, at, value);
    }
    target[at++] = 0x7d;
  }
  at = writeBytes(target, at, flagPiece);
  at = writeDecimal(target, at, command.flag);
  at = writeBytes(target, at, languagePiece);
  at = writeAscii(target, at, languageName(command.language));
  at = writeBytes(target, at, opaquePiece);
  at = writeDecimal(target, at, command.opaque);
  if (command.remark !== undefined) {
    at = writeBytes(target, at, remarkPiece);
    at = writeJsonText(target, at, command.remark);
  }
  at = writeBytes(target, at, versionPiece);
  at = writeDecimal(target, at, command.version);
  target[at++] = 0x7d;
  return at;
}
