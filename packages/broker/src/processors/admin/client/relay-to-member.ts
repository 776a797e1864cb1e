/** How a request of an operator goes to one member of a group, and the member's answer back (Java: callConsumer). */
import { createRequest, createResponse, type ExtFields, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';
import type { ClientRelay } from '../../../client/client-relay.js';
import type { ConsumerManager } from '../../../client/consumer-manager.js';
import { refuse } from '../refuse.js';

/** Apache's time for an answer of a client. */
const answerTimeoutMs = 10_000;

export interface RelayedRequest {
  readonly request: RemotingCommand;
  /** The operator's. */
  readonly connection: ServerConnection;
  readonly consumerGroup: string;
  readonly clientId: string;
  readonly extFields: ExtFields;
  readonly body: Buffer | undefined;
}

/** Answers the operator whatever happens: with what the member says, 1 when it is not there, 207 when it says nothing. */
export async function relayToMember(
  { request, connection, consumerGroup, clientId, extFields, body }: RelayedRequest,
  consumers: Pick<ConsumerManager, 'findMember'>,
  relay: ClientRelay,
): Promise<void> {
  const member = consumers.findMember(consumerGroup, clientId);
  if (member === undefined) {
    const remark = `The Consumer <${consumerGroup}> <${clientId}> not online`;
    refuse(request, connection, { code: ResponseCode.SYSTEM_ERROR, remark });
    return;
  }
  const asked = createRequest(request.code, { extFields, ...(body === undefined ? {} : { body }) });
  const outcome = await relay.ask(member.connection, asked, answerTimeoutMs);
  if (outcome.kind === 'failed') {
    const remark = `consumer <${consumerGroup}> <${clientId}> Timeout: ${outcome.remark}`;
    refuse(request, connection, { code: outcome.code, remark });
    return;
  }
  const { answer } = outcome;
  connection.respond(
    request,
    createResponse(request, answer.code, {
      ...(answer.remark === undefined ? {} : { remark: answer.remark }),
      ...(answer.body === undefined ? {} : { body: answer.body }),
    }),
  );
}
