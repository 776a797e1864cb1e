import { finishFrame } from '../frame/create-frame-writer.js';
import type { FrameWriter } from '../frame/frame-writer.js';
import { flagResponse, type RemotingCommand, SerializeType } from '../frame/remoting-command.js';
import { jsonTextBytesMax, pieceOf, writeBytes, writeDecimal, writeJsonText } from '../frame/write-text.js';
import { languageOther } from '../language-code.js';
import { ownVersion } from '../version.js';
import { sendMessageResponseHeader } from './send-message.js';

/** Answer to a send. `MSG_REGION` and `TRACE_ON` are on the wire in every case: Java reads them without looking (page 03 §2). */
export interface SendMessageResponseFields {
  readonly opaque: number;
  readonly serializeType: SerializeType;
  readonly code: number;
  readonly remark: string | undefined;
  readonly offsetMsgId: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly transactionId: string | undefined;
  /** See `encodeRecallHandle`; undefined for what cannot be taken back. */
  readonly recallHandle: string | undefined;
  readonly regionId: string;
  readonly traceOn: boolean;
}

const codePiece = pieceOf('{"code":');
const queueIdPiece = pieceOf(',"extFields":{"queueId":"');
const tracedPiece = pieceOf('","TRACE_ON":"true","MSG_REGION":');
const untracedPiece = pieceOf('","TRACE_ON":"false","MSG_REGION":');
const msgIdPiece = pieceOf(',"msgId":');
const transactionIdPiece = pieceOf(',"transactionId":');
const recallHandlePiece = pieceOf(',"recallHandle":');
const queueOffsetPiece = pieceOf(',"queueOffset":"');
const opaquePiece = pieceOf(`"},"flag":${flagResponse},"language":"OTHER","opaque":`);
const remarkPiece = pieceOf(',"remark":');
const versionPiece = pieceOf(`,"serializeTypeCurrentRPC":"JSON","version":${ownVersion}}`);
/** Room for the prefix, all pieces and numbers. */
const fixedBytesMax = 384;

function roomOf(text: string | undefined): number {
  return text === undefined ? 0 : jsonTextBytesMax(text);
}

/** Writes the answer to a send without building a command. */
export function writeSendMessageResponse(writer: FrameWriter, fields: SendMessageResponseFields): void {
  if (fields.serializeType === SerializeType.ROCKETMQ) {
    writer.writeCommand(commandOf(fields));
    return;
  }
  const { remark, transactionId, recallHandle, regionId, offsetMsgId } = fields;
  const optionalBytes = roomOf(remark) + roomOf(transactionId) + roomOf(recallHandle);
  writer.reserve(fixedBytesMax + roomOf(regionId) + roomOf(offsetMsgId) + optionalBytes);
  const target = writer.buffer;
  const start = writer.position;
  let at = writeBytes(target, start + 8, codePiece);
  at = writeDecimal(target, at, fields.code);
  at = writeBytes(target, at, queueIdPiece);
  at = writeDecimal(target, at, fields.queueId);
  at = writeBytes(target, at, fields.traceOn ? tracedPiece : untracedPiece);
  at = writeJsonText(target, at, regionId);
  at = writeBytes(target, at, msgIdPiece);
  at = writeJsonText(target, at, offsetMsgId);
  if (transactionId !== undefined) {
    at = writeBytes(target, at, transactionIdPiece);
    at = writeJsonText(target, at, transactionId);
  }
  if (recallHandle !== undefined) {
    at = writeBytes(target, at, recallHandlePiece);
    at = writeJsonText(target, at, recallHandle);
  }
  at = writeBytes(target, at, queueOffsetPiece);
  at = writeDecimal(target, at, fields.queueOffset);
  at = writeBytes(target, at, opaquePiece);
  at = writeDecimal(target, at, fields.opaque);
  if (remark !== undefined) {
    at = writeBytes(target, at, remarkPiece);
    at = writeJsonText(target, at, remark);
  }
  at = writeBytes(target, at, versionPiece);
  finishFrame(target, start, at, SerializeType.JSON, 0);
  writer.position = at;
}

function commandOf(fields: SendMessageResponseFields): RemotingCommand {
  return {
    code: fields.code,
    language: languageOther,
    version: ownVersion,
    opaque: fields.opaque,
    flag: flagResponse,
    remark: fields.remark,
    serializeType: fields.serializeType,
    extFields: sendMessageResponseHeader.encode({
      msgId: fields.offsetMsgId,
      queueId: fields.queueId,
      queueOffset: fields.queueOffset,
      transactionId: fields.transactionId,
      recallHandle: fields.recallHandle,
      MSG_REGION: fields.regionId,
      TRACE_ON: String(fields.traceOn),
    }),
    body: undefined,
  };
}
