/**
 * UPDATE_AND_CREATE_TOPIC_LIST (18), 5.x (Java: AdminBrokerProcessor.updateAndCreateTopicList): one topic that is refused
 * refuses all, and nothing is changed.
 */
import {
  createResponse,
  type RemotingCommand,
  ResponseCode,
  type Steps,
  type TopicConfig,
  topicConfigListSteps,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { type LargeRequests, topicsOrder } from '../../../large-requests.js';
import { type TopicRefusal, wantedTopic } from '../../../topic/wanted-topic.js';
import { requestBody } from '../../request-body.js';
import { refuse } from '../refuse.js';
import type { CreateTopicProcessorOptions } from './create.js';
import { noRoomRefusal, topicsPerRequestMax, updateTopics } from './topic-updates.js';

export class CreateTopicListProcessor implements RequestProcessor {
  readonly #options: CreateTopicProcessorOptions;

  readonly #large: LargeRequests;

  constructor(options: CreateTopicProcessorOptions, large: LargeRequests) {
    this.#options = options;
    this.#large = large;
  }

  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void> {
    const work = (): Steps<void | Promise<void>> => this.#create(request, connection);
    return this.#large.run(request, connection, topicsOrder, work, { outlivesSender: true });
  }

  *#create(request: RemotingCommand, connection: ServerConnection): Steps<void | Promise<void>> {
    const described = yield* topicConfigListSteps(requestBody(request));
    return this.#take(request, connection, described);
  }

  async #take(request: RemotingCommand, connection: ServerConnection, described: readonly TopicConfig[]): Promise<void> {
    const wanted = this.#wantedAll(described);
    if ('code' in wanted) {
      refuse(request, connection, wanted);
      return;
    }
    await updateTopics(this.#options, wanted);
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }

  #wantedAll(described: readonly TopicConfig[]): readonly TopicConfig[] | TopicRefusal {
    if (described.length > topicsPerRequestMax) {
      const remark = `the request has ${described.length} topics, allowed are ${topicsPerRequestMax}`;
      return { code: ResponseCode.INVALID_PARAMETER, remark };
    }
    const wanted: TopicConfig[] = [];
    for (const topic of described) {
      const checked = this.#wanted(topic);
      if ('code' in checked) return checked;
      wanted.push(checked);
    }
    const names = wanted.map((topic) => topic.topicName);
    return noRoomRefusal(this.#options.topics, names) ?? wanted;
  }

  #wanted(topic: TopicConfig): TopicConfig | TopicRefusal {
    const { config, topics } = this.#options;
    const { attributes, ...wanted } = topic;
    return wantedTopic(wanted, new Map(Object.entries(attributes)), topics.get(topic.topicName), config);
  }
}
