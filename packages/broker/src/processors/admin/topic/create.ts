/** UPDATE_AND_CREATE_TOPIC (17) (Java: AdminBrokerProcessor.updateAndCreateTopic; page 32 §5). */
import {
  type CreateTopicHeader,
  createResponse,
  createTopicHeader,
  type RemotingCommand,
  ResponseCode,
  type TopicConfig,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import { parseAttributeChanges } from '../../../metadata/attribute-changes.js';
import { type TopicRefusal, wantedTopic } from '../../../topic/wanted-topic.js';
import { refuse } from '../refuse.js';
import { noRoomRefusal, type TopicUpdateDeps, updateTopics } from './topic-updates.js';

export interface CreateTopicProcessorOptions extends TopicUpdateDeps {
  readonly config: BrokerConfig;
}

export class CreateTopicProcessor implements RequestProcessor {
  readonly #options: CreateTopicProcessorOptions;

  constructor(options: CreateTopicProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const wanted = this.#wanted(createTopicHeader.decodeCommand(request));
    if ('code' in wanted) {
      refuse(request, connection, wanted);
      return;
    }
    await updateTopics(this.#options, [wanted]);
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }

  #wanted(header: CreateTopicHeader): TopicConfig | TopicRefusal {
    const { config, topics } = this.#options;
    const topicFilterType = header.topicFilterType ?? 'SINGLE_TAG';
    if (topicFilterType !== 'SINGLE_TAG' && topicFilterType !== 'MULTI_TAG') {
      return { code: ResponseCode.SYSTEM_ERROR, remark: `topicFilterType = [${topicFilterType}] value invalid` };
    }
    const changes = parseAttributeChanges(header.attributes ?? '');
    if ('problem' in changes) return { code: ResponseCode.SYSTEM_ERROR, remark: changes.problem };
    const { topic: topicName, readQueueNums, writeQueueNums, perm, topicSysFlag = 0, order = false } = header;
    const wanted = { topicName, readQueueNums, writeQueueNums, perm, topicFilterType, topicSysFlag, order } as const;
    return noRoomRefusal(topics, [topicName]) ?? wantedTopic(wanted, changes, topics.get(topicName), config);
  }
}
