/** GET_CONSUMER_CONNECTION_LIST (203): who consumes for a group, and what (Java: AdminBrokerProcessor; page 32 §5). */
import {
  consumerGroupHeader,
  createResponse,
  encodeConsumerConnection,
  languageName,
  type RemotingCommand,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ConsumerManager } from '../../../client/consumer-manager.js';
import { refuse } from '../refuse.js';

export class ConsumerConnectionsProcessor implements RequestProcessor {
  readonly #consumers: Pick<ConsumerManager, 'describe' | 'members'>;

  constructor(consumers: Pick<ConsumerManager, 'describe' | 'members'>) {
    this.#consumers = consumers;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { consumerGroup } = consumerGroupHeader.decodeCommand(request);
    const group = this.#consumers.describe(consumerGroup);
    if (group === undefined) {
      // Tools branch on this code: nobody is no failure (page 32, traps).
      const remark = `the consumer group[${consumerGroup}] not online`;
      refuse(request, connection, { code: ResponseCode.CONSUMER_NOT_ONLINE, remark });
      return;
    }
    const connections = this.#consumers.members(consumerGroup).map((member) => ({
      clientId: member.clientId,
      clientAddr: member.connection.remoteAddress,
      language: languageName(member.language),
      version: member.version,
    }));
    const body = encodeConsumerConnection({ ...group, connections });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }
}
