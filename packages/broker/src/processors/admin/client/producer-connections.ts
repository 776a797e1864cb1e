/** GET_PRODUCER_CONNECTION_LIST (204): the live producers of one group (Java: AdminBrokerProcessor; page 32 §2). */
import {
  createResponse,
  encodeProducerConnection,
  languageName,
  producerGroupHeader,
  type RemotingCommand,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ProducerManager } from '../../../client/producer-manager.js';
import { refuse } from '../refuse.js';

export class ProducerConnectionsProcessor implements RequestProcessor {
  readonly #producers: Pick<ProducerManager, 'channels'>;

  constructor(producers: Pick<ProducerManager, 'channels'>) {
    this.#producers = producers;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { producerGroup } = producerGroupHeader.decodeCommand(request);
    const channels = this.#producers.channels(producerGroup);
    if (channels === undefined) {
      const remark = `the producer group[${producerGroup}] not exist`;
      refuse(request, connection, { code: ResponseCode.SYSTEM_ERROR, remark });
      return;
    }
    const connections = channels.map((channel) => ({
      clientId: channel.clientId,
      clientAddr: channel.connection.remoteAddress,
      language: languageName(channel.language),
      version: channel.version,
    }));
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body: encodeProducerConnection(connections) }));
  }
}
