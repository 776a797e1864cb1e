import { MqError, ProtocolError } from '@orbitmq/core/kernel';
import { createResponse, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';

/** The answer to a code that nobody serves; the leading blank is RocketMQ's (page 01 §7). */
export function notSupported(request: RemotingCommand): RemotingCommand {
  return createResponse(request, ResponseCode.REQUEST_CODE_NOT_SUPPORTED, {
    remark: ` request type ${request.code} not supported`,
  });
}

/** The answer of an end that is stopping. Clients of every version try such a request elsewhere (page 24 §7). */
export function stopping(request: RemotingCommand): RemotingCommand {
  return createResponse(request, ResponseCode.SERVICE_NOT_AVAILABLE, { remark: 'the server is shutting down' });
}

/** V5_3_1: senders of later versions understand GO_AWAY, and ask again on a new connection or elsewhere. */
const goAwayVersion = 475;

export function understandsGoAway(request: RemotingCommand): boolean {
  return request.version > goAwayVersion;
}

/** The answer of an end that is going to stop, to those who understand it (page 01 §7). */
export function goAway(request: RemotingCommand): RemotingCommand {
  return createResponse(request, ResponseCode.GO_AWAY, { remark: 'please go away' });
}

/** The answer to a request whose processing failed (RocketMQ: `exceptionClass: message`). */
export function systemError(request: RemotingCommand, error: unknown): RemotingCommand {
  return createResponse(request, ResponseCode.SYSTEM_ERROR, { remark: remarkOf(error) });
}

function remarkOf(error: unknown): string {
  // What the sender did wrong is said in the message; the class that noticed is of no use to it.
  if (error instanceof ProtocolError) return error.message;
  if (error instanceof MqError || error instanceof Error) return `${error.name}: ${error.message}`;
  return String(error);
}
