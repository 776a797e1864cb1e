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
const bodyBytesMax = frameMaxLengthBytesDefault - frameHeaderBytesMax;

/** Answers with a whole table or a page of it; a frame that no client would take is refused with the remedy. */
export function answerTable(
  request: RemotingCommand,
  connection: ServerConnection,
  answer: { readonly extFields: ExtFields; readonly body: Buffer },
): void {
  if (answer.body.length > bodyBytesMax) {
    const remark = `the table has ${answer.body.length} bytes, and an answer at most ${bodyBytesMax}: ask for pages of it`;
    refuse(request, connection, { code: ResponseCode.SYSTEM_ERROR, remark });
    return;
  }
  connection.respond(request, createResponse(request, ResponseCode.SUCCESS, answer));
}
