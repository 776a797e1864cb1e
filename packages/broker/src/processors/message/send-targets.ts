import {
  checkTopicName,
  Permission,
  ResponseCode,
  retryTopicPrefix,
  type SendMessageHeader,
  SystemTopic,
  type TopicConfig,
} from '@orbitmq/protocol';
import type { BrokerConfig } from '../../config/broker-config.js';
import type { TopicPuts } from '../../stats/traffic-counters.js';
import type { TopicConfigManager } from '../../topic/topic-config-manager.js';
import { usableQueueNums } from '../../topic/usable-queue-nums.js';
import { Refusal } from './refusal.js';

/** A topic that may be sent to, with what the send path asks of it. */
export interface SendTarget {
  /** Always the same string for a topic, so that maps over topics compare it by identity. */
  readonly topic: string;
  /** Queues among which one is picked for a sender that names none; 0: such a sender is refused. */
  readonly usableQueueNums: number;
  /**
   * Queue ids at or above are refused: nobody reads such a queue, and a message in it would be acknowledged and never delivered.
   * Java takes max(read, write); a queue that is only read takes messages there as well as here.
   */
  readonly queueLimit: number;
  /** Of message type PRIORITY, 5.5: the priority of a message names its queue. */
  readonly isPriority: boolean;
  /** `%RETRY%…`: what consumers send when sending back failed. */
  readonly isRetry: boolean;
  readonly puts: TopicPuts;
}

/** Where sends are counted. */
export interface TopicPutsSource {
  topicPuts(topic: string): TopicPuts;
}

/**
 * Clients never write these. `rmq_sys_*` is ours to refuse, since one such message stops Apache's timer (page 03, trap 16), and so are
 * the half messages of Apache's RocksDB engine: a directory with one of them is refused at the next start.
 */
const forbiddenTopics: ReadonlySet<string> = new Set([
  SystemTopic.SCHEDULE,
  SystemTopic.TRANS_HALF,
  SystemTopic.TRANS_OP_HALF,
  SystemTopic.TRANS_CHECK_MAX_TIME,
  SystemTopic.SELF_TEST,
  SystemTopic.OFFSET_MOVED_EVENT,
  'RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC',
  'RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC',
]);
const forbiddenPrefix = 'rmq_sys_';

function isForbidden(topic: string): boolean {
  return forbiddenTopics.has(topic) || topic.startsWith(forbiddenPrefix);
}

/** Java divides by zero here and answers the same code, so that its clients try another broker. */
function noQueue(topic: string): Refusal {
  return new Refusal(ResponseCode.SYSTEM_ERROR, `topic[${topic}] has no queue that is both written and read`);
}

/**
 * The checks that a topic must pass before anything is sent to it, in Java's order (AbstractSendMessageProcessor.msgCheck;
 * pages 03 §7 and 24 §3). A topic that passed is remembered until its configuration changes, so that a send asks one map;
 * the memory holds only topics that exist.
 */
export class SendTargets {
  readonly #config: BrokerConfig;
  readonly #topics: TopicConfigManager;
  readonly #stats: TopicPutsSource;
  readonly #known = new Map<string, SendTarget>();
  /** `brokerPermission` under which the known ones passed; operators change it at run time. */
  #brokerPermission: number;

  constructor(config: BrokerConfig, topics: TopicConfigManager, stats: TopicPutsSource) {
    this.#config = config;
    this.#stats = stats;
    this.#topics = topics;
    this.#brokerPermission = config.brokerPermission;
    topics.onChange((changed) => {
      this.#known.delete(changed.topicName);
    });
  }

  find(header: SendMessageHeader): SendTarget | Refusal {
    if (this.#config.brokerPermission !== this.#brokerPermission) {
      this.#brokerPermission = this.#config.brokerPermission;
      this.#known.clear();
    }
    const known = this.#known.get(header.topic) ?? this.#resolve(header);
    if (known instanceof Refusal) return known;
    if (header.queueId < 0) return known.usableQueueNums > 0 ? known : noQueue(header.topic);
    if (header.queueId < known.queueLimit) return known;
    return new Refusal(
      ResponseCode.INVALID_PARAMETER,
      `request queueId[${header.queueId}] is illegal, topic[${header.topic}] has ${known.queueLimit} queues`,
    );
  }

  #resolve(header: SendMessageHeader): SendTarget | Refusal {
    const topic = header.topic;
    const existing = this.#topics.get(topic);
    if ((this.#config.brokerPermission & Permission.WRITE) === 0 && existing?.order === true) {
      return new Refusal(ResponseCode.NO_PERMISSION, `the broker[${this.#config.brokerIP1}] sending message is forbidden`);
    }
    const problem = checkTopicName(topic);
    if (problem !== undefined) return new Refusal(ResponseCode.INVALID_PARAMETER, problem);
    if (isForbidden(topic)) {
      return new Refusal(ResponseCode.NO_PERMISSION, `Sending message to topic[${topic}] is forbidden.`);
    }
    const config = existing ?? this.#create(header);
    if (config === undefined) {
      return new Refusal(ResponseCode.TOPIC_NOT_EXIST, `topic[${topic}] not exist, apply first please!`);
    }
    return this.#remember(config);
  }

  #create(header: SendMessageHeader): TopicConfig | undefined {
    const { topic, defaultTopic, defaultTopicQueueNums } = header;
    return this.#topics.createForSend(topic, defaultTopic, defaultTopicQueueNums);
  }

  #remember(config: TopicConfig): SendTarget {
    const target: SendTarget = {
      topic: config.topicName,
      usableQueueNums: usableQueueNums(config),
      queueLimit: config.readQueueNums,
      isPriority: config.attributes['message.type'] === 'PRIORITY',
      isRetry: config.topicName.startsWith(retryTopicPrefix),
      puts: this.#stats.topicPuts(config.topicName),
    };
    this.#known.set(target.topic, target);
    return target;
  }
}
