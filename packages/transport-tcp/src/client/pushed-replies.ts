import type { Logger } from '@orbitmq/core/kernel';
import { createResponse, findProperty, PropertyName, pushReplyMessageHeader, RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { RemotingClient } from '@orbitmq/remoting';

/**
 * PUSH_REPLY_MESSAGE_TO_CLIENT (326): the reply to a request. This client sends none, so nobody waits for it: it is logged and taken, as
 * Java takes a reply that comes late (page 35 §3). A refusal would tell the replier to send it again.
 */
export function registerPushedReplies(remoting: Pick<RemotingClient, 'registerHandler'>, logger: Logger): void {
  remoting.registerHandler(RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT, (request, address) => {
    const { producerGroup, properties = '' } = pushReplyMessageHeader.decodeCommand(request);
    const correlationId = findProperty(Buffer.from(properties), PropertyName.CORRELATION_ID);
    logger.warn('a reply has come that nobody waits for', { address, producerGroup, correlationId });
    return createResponse(request, ResponseCode.SUCCESS);
  });
}
