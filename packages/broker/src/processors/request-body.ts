import { ProtocolError } from '@orbitmq/core/kernel';
import type { RemotingCommand } from '@orbitmq/protocol';

/** The body of a request that needs one. Throws a `ProtocolError` `BODY_INVALID`. */
export function requestBody(request: RemotingCommand): Buffer {
  if (request.body === undefined) throw new ProtocolError('BODY_INVALID', `request ${request.code} has no body`);
  return request.body;
}
