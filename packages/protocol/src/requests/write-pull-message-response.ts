import { invariant } from '@orbitmq/core/kernel';
import { finishFrame } from '../frame/create-frame-writer.js';
import type { FrameWriter } from '../frame/frame-writer.js';
import { flagResponse, type RemotingCommand, SerializeType } from '../frame/remoting-command.js';
import { jsonTextBytesMax, pieceOf, writeBytes, writeDecimal, writeJsonText } from '../frame/write-text.js';
import { languageOther } from '../language-code.js';
import { ownVersion } from '../version.js';
import { pullMessageResponseHeader } from './pull-message.js';

/** Answer to a pull. The four numbers are on the wire with every code that Java reads them for: 0, 19, 20, 21 (page 04 §1). */
export interface PullMessageResponseFields {
  readonly opaque: number;
  readonly serializeType: SerializeType;
  readonly code: number;
  readonly remark: string | undefined;
  readonly suggestWhichBrokerId: number;
  readonly nextBeginOffset: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  /** The body: stored records, in order. They stay unchanged from now on. */
  readonly slices: readonly Buffer[];
  /** Bytes of all slices together. */
  readonly sizeBytes: number;
}

const codePiece = pieceOf('{"code":');
const brokerIdPiece = pieceOf(',"extFields":{"suggestWhichBrokerId":"');
const nextBeginOffsetPiece = pieceOf('","nextBeginOffset":"');
const minOffsetPiece = pieceOf('","minOffset":"');
const maxOffsetPiece = pieceOf('","maxOffset":"');
const opaquePiece = pieceOf(`"},"flag":${flagResponse},"language":"OTHER","opaque":`);
const remarkPiece = pieceOf(',"remark":');
const versionPiece = pieceOf(`,"serializeTypeCurrentRPC":"JSON","version":${ownVersion}}`);
/** Room for the names and numbers of the answer. */
const fixedBytesMax = 384;

/** Writes the answer to a pull; the records go by reference when they are large. */
export function writePullMessageResponse(writer: FrameWriter, fields: PullMessageResponseFields): void {
  let sliceBytes = 0;
  for (const slice of fields.slices) sliceBytes += slice.length;
  invariant(sliceBytes === fields.sizeBytes, 'the slices of a pull answer do not have the size that was announced');
  if (fields.serializeType === SerializeType.ROCKETMQ) {
    writer.writeCommand(commandOf(fields));
    return;
  }
  const { remark } = fields;
  writer.reserve(fixedBytesMax + (remark === undefined ? 0 : jsonTextBytesMax(remark)));
  const target = writer.buffer;
  const start = writer.position;
  let at = writeBytes(target, start + 8, codePiece);
  at = writeDecimal(target, at, fields.code);
  at = writeBytes(target, at, brokerIdPiece);
  at = writeDecimal(target, at, fields.suggestWhichBrokerId);
  at = writeBytes(target, at, nextBeginOffsetPiece);
  at = writeDecimal(target, at, fields.nextBeginOffset);
  at = writeBytes(target, at, minOffsetPiece);
  at = writeDecimal(target, at, fields.minOffset);
  at = writeBytes(target, at, maxOffsetPiece);
  at = writeDecimal(target, at, fields.maxOffset);
  at = writeBytes(target, at, opaquePiece);
  at = writeDecimal(target, at, fields.opaque);
  if (remark !== undefined) {
    at = writeBytes(target, at, remarkPiece);
    at = writeJsonText(target, at, remark);
  }
  at = writeBytes(target, at, versionPiece);
  finishFrame(target, start, at, SerializeType.JSON, fields.sizeBytes);
  writer.position = at;
  for (const slice of fields.slices) writer.appendSlice(slice);
}

function commandOf(fields: PullMessageResponseFields): RemotingCommand {
  return {
    code: fields.code,
    language: languageOther,
    version: ownVersion,
    opaque: fields.opaque,
    flag: flagResponse,
    remark: fields.remark,
    serializeType: fields.serializeType,
    extFields: pullMessageResponseHeader.encode({
      suggestWhichBrokerId: fields.suggestWhichBrokerId,
      nextBeginOffset: fields.nextBeginOffset,
      minOffset: fields.minOffset,
      maxOffset: fields.maxOffset,
      topicSysFlag: undefined,
      groupSysFlag: undefined,
    }),
    body: fields.sizeBytes === 0 ? undefined : Buffer.concat(fields.slices, fields.sizeBytes),
  };
}
