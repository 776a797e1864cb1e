/** QUERY_TOPIC_CONSUME_BY_WHO (300): groups that subscribe to a topic now, or have an offset in it (Java: AdminBrokerProcessor; page 32 §5). */
import { createResponse, fastjsonBody, type RemotingCommand, ResponseCode, topicHeader } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ConsumerManager } from '../../../client/consumer-manager.js';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';

export class WhoConsumesProcessor implements RequestProcessor {
  readonly #consumers: Pick<ConsumerManager, 'groupsSubscribing'>;
  readonly #offsets: Pick<ConsumerOffsetManager, 'groupsWithOffsets'>;

  constructor(consumers: Pick<ConsumerManager, 'groupsSubscribing'>, offsets: Pick<ConsumerOffsetManager, 'groupsWithOffsets'>) {
    this.#consumers = consumers;
    this.#offsets = offsets;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { topic } = topicHeader.decodeCommand(request);
    const groupList = [...new Set([...this.#consumers.groupsSubscribing(topic), ...this.#offsets.groupsWithOffsets(topic)])];
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body: fastjsonBody({ groupList }) }));
  }
}
