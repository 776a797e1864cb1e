import { createResponse, type RemotingCommand } from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';

/** Answers that a request is not carried out, and why. */
export function refuse(
  request: RemotingCommand,
  connection: ServerConnection,
  { code, remark }: { readonly code: number; readonly remark: string },
): void {
  connection.respond(request, createResponse(request, code, { remark }));
}
