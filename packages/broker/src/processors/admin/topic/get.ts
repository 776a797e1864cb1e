/** GET_TOPIC_CONFIG (351), asked by 5.x tools and clients of every broker of a route (Java: AdminBrokerProcessor; page 32 §2). */
import { createResponse, encodeTopicConfig, getTopicConfigHeader, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';

export class GetTopicProcessor implements RequestProcessor {
  readonly #topics: TopicConfigManager;

  constructor(topics: TopicConfigManager) {
    this.#topics = topics;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { topic } = getTopicConfigHeader.decodeCommand(request);
    const config = this.#topics.get(topic);
    const response =
      config === undefined
        ? createResponse(request, ResponseCode.TOPIC_NOT_EXIST, { remark: `No topic in this broker. topic: ${topic}` })
        : createResponse(request, ResponseCode.SUCCESS, { body: encodeTopicConfig(config) });
    connection.respond(request, response);
  }
}
