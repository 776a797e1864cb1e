/** QUERY_SUBSCRIPTION_BY_CONSUMER (345), 5.x: how a live group subscribes to a topic (Java: AdminBrokerProcessor). */
import {
  createResponse,
  fastjsonBody,
  groupTopicHeader,
  type RemotingCommand,
  ResponseCode,
  subscriptionFastjson,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ConsumerManager } from '../../../client/consumer-manager.js';

export class SubscriptionOfGroupProcessor implements RequestProcessor {
  readonly #consumers: Pick<ConsumerManager, 'subscription'>;

  constructor(consumers: Pick<ConsumerManager, 'subscription'>) {
    this.#consumers = consumers;
  }

  /** Without members or subscription the answer names none. */
  process(request: RemotingCommand, connection: ServerConnection): void {
    const { group, topic } = groupTopicHeader.decodeCommand(request);
    const subscription = this.#consumers.subscription(group, topic);
    const subscriptionData = subscription && subscriptionFastjson(subscription);
    const body = fastjsonBody({ group, subscriptionData, topic });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }
}
