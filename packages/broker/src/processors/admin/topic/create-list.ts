/**
 * UPDATE_AND_CREATE_TOPIC_LIST (18), 5.x (Java: AdminBrokerProcessor.updateAndCreateTopicList): one topic that is refused
 * refuses all, and nothing is changed.
 */
import { createResponse, decodeTopicConfigList, type RemotingCommand, ResponseCode, type TopicConfig } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { type TopicRefusal, wantedTopic } from '../../../topic/wanted-topic.js';
import { requestBody } from '../../request-body.js';
import { refuse } from '../refuse.js';
import type { CreateTopicProcessorOptions } from './create.js';
import { updateTopics } from './topic-updates.js';

export class CreateTopicListProcessor implements RequestProcessor {
  readonly #options: CreateTopicProcessorOptions;

  constructor(options: CreateTopicProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const wanted: TopicConfig[] = [];
    for (const described of decodeTopicConfigList(requestBody(request))) {
      const topic = this.#wanted(described);
      if ('code' in topic) {
        refuse(request, connection, topic);
        return;
      }
      wanted.push(topic);
    }
    await updateTopics(this.#options, wanted);
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }

  #wanted(topic: TopicConfig): TopicConfig | TopicRefusal {
    const { config, topics } = this.#options;
    const { attributes, ...wanted } = topic;
    return wantedTopic(wanted, new Map(Object.entries(attributes)), topics.get(topic.topicName), config);
  }
}
