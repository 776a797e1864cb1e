/** QUERY_TOPICS_BY_CONSUMER (343), 5.x: topics in which a group has offsets (Java: AdminBrokerProcessor.queryTopicsByConsumer). */
import { createResponse, encodeTopicList, groupHeader, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';

export class TopicsOfGroupProcessor implements RequestProcessor {
  readonly #offsets: Pick<ConsumerOffsetManager, 'topicsWithOffsets'>;
  readonly #address: () => string;

  constructor(offsets: Pick<ConsumerOffsetManager, 'topicsWithOffsets'>, address: () => string) {
    this.#offsets = offsets;
    this.#address = address;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { group } = groupHeader.decodeCommand(request);
    const body = encodeTopicList({ topicList: this.#offsets.topicsWithOffsets(group), brokerAddr: this.#address() });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }
}
