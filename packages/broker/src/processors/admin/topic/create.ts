/** UPDATE_AND_CREATE_TOPIC (17) (Java: AdminBrokerProcessor.updateAndCreateTopic; page 32 §5). */
import {
  type CreateTopicHeader,
  checkTopicName,
  createResponse,
  createTopicHeader,
  type RemotingCommand,
  ResponseCode,
  type TopicConfig,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import { isSystemTopic } from '../../../topic/system-topic-rules.js';
import { applyAttributeChanges, parseAttributeChanges } from '../../../topic/topic-attributes.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';

/** Queues of one topic. Each client keeps state for each of them. */
const queueNumsMax = 65_536;
/** All bits below PRIORITY. */
const permMax = 7;

export interface CreateTopicProcessorOptions {
  readonly config: BrokerConfig;
  readonly topics: TopicConfigManager;
  /** Resolves when the NameServers know the topics of now, or after a bounded while; never rejects. */
  readonly announceTopics: () => Promise<void>;
}

interface Refusal {
  readonly code: number;
  readonly remark: string;
}

export class CreateTopicProcessor implements RequestProcessor {
  readonly #options: CreateTopicProcessorOptions;

  constructor(options: CreateTopicProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { topics } = this.#options;
    const header = createTopicHeader.decodeCommand(request);
    const wanted = this.#wanted(header);
    if ('code' in wanted) {
      connection.respond(request, createResponse(request, wanted.code, { remark: wanted.remark }));
      return;
    }
    const isNew = !isSameTopic(topics.get(wanted.topicName), wanted);
    if (isNew) topics.update(wanted);
    // The answer promises that the topic outlives this process and that clients can find it, also when it is asked for a second
    // time, after an error.
    if (!topics.isPersisted) await topics.persist();
    if (isNew) await this.#options.announceTopics();
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }

  #wanted(header: CreateTopicHeader): TopicConfig | Refusal {
    const { topic, readQueueNums, writeQueueNums, perm } = header;
    const invalid = (remark: string): Refusal => ({ code: ResponseCode.INVALID_PARAMETER, remark });
    const nameProblem = checkTopicName(topic);
    if (nameProblem !== undefined) return invalid(nameProblem);
    if (isSystemTopic(topic, this.#options.config)) return invalid(`The topic[${topic}] is conflict with system topic.`);
    for (const [name, value] of [
      ['readQueueNums', readQueueNums],
      ['writeQueueNums', writeQueueNums],
    ] as const) {
      if (value < 0 || value > queueNumsMax) return invalid(`${name} is not from 0 to ${queueNumsMax}: ${value}`);
    }
    if (perm < 0 || perm > permMax) return invalid(`perm is not from 0 to ${permMax}: ${perm}`);
    const filterType = header.topicFilterType ?? 'SINGLE_TAG';
    if (filterType !== 'SINGLE_TAG' && filterType !== 'MULTI_TAG') return invalid(`topicFilterType is unknown: ${filterType}`);
    const existing = this.#options.topics.get(topic);
    const changed = applyAttributeChanges(existing?.attributes, parseAttributeChanges(header.attributes ?? ''));
    if ('problem' in changed) return { code: ResponseCode.SYSTEM_ERROR, remark: changed.problem };
    return {
      topicName: topic,
      readQueueNums,
      writeQueueNums,
      perm,
      topicFilterType: filterType,
      topicSysFlag: header.topicSysFlag ?? 0,
      order: header.order ?? false,
      attributes: changed.attributes,
    };
  }
}

function isSameTopic(a: TopicConfig | undefined, b: TopicConfig): boolean {
  if (a === undefined) return false;
  const keys = Object.keys(b.attributes);
  return (
    a.readQueueNums === b.readQueueNums &&
    a.writeQueueNums === b.writeQueueNums &&
    a.perm === b.perm &&
    a.topicFilterType === b.topicFilterType &&
    a.topicSysFlag === b.topicSysFlag &&
    a.order === b.order &&
    Object.keys(a.attributes).length === keys.length &&
    keys.every((key) => a.attributes[key] === b.attributes[key])
  );
}
