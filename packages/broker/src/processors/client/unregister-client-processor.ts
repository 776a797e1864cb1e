/** UNREGISTER_CLIENT (35): one request per group at a client's shutdown (Java: ClientManageProcessor; page 05 §2). */
import { createResponse, type RemotingCommand, ResponseCode, unregisterClientHeader } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ConsumerManager } from '../../client/consumer-manager.js';
import type { ProducerManager } from '../../client/producer-manager.js';

export class UnregisterClientProcessor implements RequestProcessor {
  readonly #consumers: ConsumerManager;
  readonly #producers: ProducerManager;

  constructor(consumers: ConsumerManager, producers: ProducerManager) {
    this.#consumers = consumers;
    this.#producers = producers;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { clientId, producerGroup, consumerGroup } = unregisterClientHeader.decodeCommand(request);
    if (producerGroup !== undefined) this.#producers.unregister(producerGroup, clientId, connection);
    if (consumerGroup !== undefined) this.#consumers.unregister(connection, clientId, consumerGroup);
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }
}
