/** GET_CONSUMER_LIST_BY_GROUP (38): whom a client shares the queues with (Java: ConsumerManageProcessor; page 05 §2). */
import { consumerGroupHeader, createResponse, encodeConsumerIdList, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ConsumerManager } from '../../client/consumer-manager.js';

export class ConsumerListProcessor implements RequestProcessor {
  readonly #consumers: ConsumerManager;

  constructor(consumers: ConsumerManager) {
    this.#consumers = consumers;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { consumerGroup } = consumerGroupHeader.decodeCommand(request);
    const clientIds = this.#consumers.clientIds(consumerGroup);
    const response =
      clientIds === undefined
        ? createResponse(request, ResponseCode.SYSTEM_ERROR, { remark: `no consumer for this group, ${consumerGroup}` })
        : createResponse(request, ResponseCode.SUCCESS, { body: encodeConsumerIdList([...clientIds]) });
    connection.respond(request, response);
  }
}
