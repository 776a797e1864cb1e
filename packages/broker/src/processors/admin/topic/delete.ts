/**
 * DELETE_TOPIC_IN_BROKER (215) (Java: AdminBrokerProcessor.deleteTopic; page 32 §5): the topic, the retry topics that pop made
 * of it, their offsets and their queues. An unknown one is deleted already. The NameServers go on naming the topic until they
 * are told (request 216), as Apache's. Topic and queues go in one turn: what was sent before goes with them, and a send that
 * comes afterwards finds no topic or makes a new one, whose messages stay.
 */
import { createResponse, deleteTopicHeader, type RemotingCommand, ResponseCode, retryTopic } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';
import type { StoreMaintenance } from '../../../store/store-maintenance.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import { reservedTopicRefusal } from '../../../topic/wanted-topic.js';
import { refuse } from '../refuse.js';

export interface DeleteTopicProcessorOptions {
  readonly config: BrokerConfig;
  readonly topics: TopicConfigManager;
  readonly offsets: ConsumerOffsetManager;
  readonly maintenance: Pick<StoreMaintenance, 'deleteTopics'>;
}

export class DeleteTopicProcessor implements RequestProcessor {
  readonly #options: DeleteTopicProcessorOptions;

  constructor(options: DeleteTopicProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { config, maintenance, offsets, topics } = this.#options;
    const { topic = '' } = deleteTopicHeader.decodeCommand(request);
    const refusal = reservedTopicRefusal(topic, config);
    if (refusal !== undefined) {
      refuse(request, connection, refusal);
      return;
    }
    const names = [topic, ...this.#popRetryTopics(topic)];
    await maintenance.deleteTopics(names, () => {
      for (const name of names) {
        topics.delete(name);
        offsets.removeTopic(name);
      }
    });
    await Promise.all([topics.persist(), offsets.persist()]);
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }

  /** Pop's retry topics are named by group and topic, in two ways (Java: KeyBuilder). */
  #popRetryTopics(topic: string): readonly string[] {
    const { config, offsets, topics } = this.#options;
    if (!config.clearRetryTopicWhenDeleteTopic) return [];
    return offsets
      .groupsWithOffsets(topic)
      .flatMap((group) => [retryTopic(`${group}_${topic}`), retryTopic(`${group}+${topic}`)])
      .filter((name) => topics.get(name) !== undefined);
  }
}
