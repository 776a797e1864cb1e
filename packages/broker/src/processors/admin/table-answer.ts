import {
  createResponse,
  type ExtFields,
  frameMaxLengthBytesDefault,
  type RemotingCommand,
  ResponseCode,
} from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';
import { refuse } from './refuse.js';

/** Room for the frame's own header. */
const frameHeaderBytesMax = 64 * 1024;
/** Of a body. */
export const tableBytesMax = frameMaxLengthBytesDefault - frameHeaderBytesMax;

/** Entries up to which the answer is made at once; larger ones are made one after the other. */
export const atOnceMax = 1000;
/** Of `LargeRequests`. */
export const tableOrder = 'table';

/** Answers with a whole table or a page of it; a frame that no client would take is refused with the remedy. */
export function answerTable(
  request: RemotingCommand,
  connection: ServerConnection,
  answer: { readonly extFields: ExtFields; readonly body: Buffer },
): void {
  if (answer.body.length > tableBytesMax) {
    refuseTable(request, connection, answer.body.length);
    return;
  }
  connection.respond(request, createResponse(request, ResponseCode.SUCCESS, answer));
}

/** Answers that no frame holds the table, which has so many bytes or more. */
export function refuseTable(request: RemotingCommand, connection: ServerConnection, sizeBytes = tableBytesMax + 1): void {
  const remark = `the table has ${sizeBytes} bytes or more, and an answer at most ${tableBytesMax}: ask for pages or parts of it`;
  refuse(request, connection, { code: ResponseCode.SYSTEM_ERROR, remark });
}
