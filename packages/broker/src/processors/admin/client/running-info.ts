/** GET_CONSUMER_RUNNING_INFO (307), handed on to the client (Java: AdminBrokerProcessor.getConsumerRunningInfo; page 32 §5). */
import { consumerRunningInfoHeader, type RemotingCommand } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ClientRelay } from '../../../client/client-relay.js';
import type { ConsumerManager } from '../../../client/consumer-manager.js';
import { relayToMember } from './relay-to-member.js';

export class RunningInfoProcessor implements RequestProcessor {
  readonly #consumers: Pick<ConsumerManager, 'findMember'>;
  readonly #relay: ClientRelay;

  constructor(consumers: Pick<ConsumerManager, 'findMember'>, relay: ClientRelay) {
    this.#consumers = consumers;
    this.#relay = relay;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { consumerGroup, clientId } = consumerRunningInfoHeader.decodeCommand(request);
    const { extFields = {}, body } = request;
    await relayToMember({ request, connection, consumerGroup, clientId, extFields, body }, this.#consumers, this.#relay);
  }
}
