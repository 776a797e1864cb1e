/** GET_SYSTEM_TOPIC_LIST_FROM_BROKER (305) (Java: TopicValidator.getSystemTopicSet): the topics with a meaning of their own. */
import { createResponse, encodeTopicList, type RemotingCommand, ResponseCode, SystemTopic } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import { isSystemTopic } from '../../../topic/system-topic-rules.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';

export class SystemTopicListProcessor implements RequestProcessor {
  readonly #config: BrokerConfig;
  readonly #topics: TopicConfigManager;

  constructor(config: BrokerConfig, topics: TopicConfigManager) {
    this.#config = config;
    this.#topics = topics;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const own = [...this.#topics.all().keys()].filter((topic) => isSystemTopic(topic, this.#config));
    const topicList = [...new Set([...Object.values(SystemTopic), ...own])];
    const body = encodeTopicList({ topicList, brokerAddr: undefined });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }
}
