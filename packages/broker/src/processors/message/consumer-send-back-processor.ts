import type { Random, Timers } from '@orbitmq/core/kernel';
import {
  type ConsumerSendMessageBackHeader,
  consumerSendMessageBackHeader,
  createResponse,
  deadLetterTopic,
  decodeProperties,
  encodeProperties,
  findProperty,
  type MessageExt,
  Permission,
  PropertyName,
  type RemotingCommand,
  ResponseCode,
  retryTopic,
  SystemTopic,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../config/broker-config.js';
import { DurablePut } from '../../durable-put.js';
import type { SendGate } from '../../flow-control/send-gate.js';
import type { SubscriptionGroupConfig, SubscriptionGroupManager } from '../../group/subscription-group-manager.js';
import { decideSendBack, maxReconsumeTimesOf, type SendBackDecision } from '../../retry/dead-letter-rule.js';
import type { DelayLevels } from '../../schedule/delay-levels.js';
import { type Destination, delayDestination } from '../../schedule/delay-rewrite.js';
import { copyMessage } from '../../store/copy-message.js';
import type { MessageStore, MessageToStore } from '../../store/message-store.js';
import type { TopicConfigManager } from '../../topic/topic-config-manager.js';
import { usableQueueNums } from '../../topic/usable-queue-nums.js';
import type { InFlightGauge } from './in-flight-gauge.js';
import type { MessageHosts } from './message-hosts.js';
import { Refusal } from './refusal.js';
import { codeOfPut, remarkOfPut } from './send-answer.js';

export interface ConsumerSendBackProcessorDeps {
  readonly random: Random;
  readonly timers: Timers;
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly topics: TopicConfigManager;
  readonly groups: SubscriptionGroupManager;
  readonly levels: DelayLevels;
  readonly hosts: MessageHosts;
  readonly inFlight: InFlightGauge;
  readonly gate: SendGate;
  readonly stats: SendBackCounters;
}

/** By the topic that the message was first sent to. */
interface SendBackCounters {
  sentBack(topic: string, group: string): void;
  deadLettered(topic: string, group: string): void;
}

const hiddenTopics: ReadonlySet<string> = new Set([
  SystemTopic.TRANS_HALF,
  SystemTopic.TRANS_OP_HALF,
  SystemTopic.SCHEDULE,
  SystemTopic.TIMER,
]);
const readWrite = Permission.READ | Permission.WRITE;

/**
 * CONSUMER_SEND_MSG_BACK (36): a message that a consumer could not handle comes again later, or goes to the dead letters (Java:
 * AbstractSendMessageProcessor.consumerSendMsgBack; page 06 §2). Answered when the new message is durable, so the consumer advances its
 * offset only behind it.
 */
export class ConsumerSendBackProcessor implements RequestProcessor {
  readonly #deps: ConsumerSendBackProcessorDeps;

  constructor(deps: ConsumerSendBackProcessorDeps) {
    this.#deps = deps;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const refusal = await this.#sendBack(request, connection);
    const code = refusal?.code ?? ResponseCode.SUCCESS;
    connection.respond(request, createResponse(request, code, { remark: refusal?.remark }));
  }

  async #sendBack(request: RemotingCommand, connection: ServerConnection): Promise<Refusal | undefined> {
    const header = consumerSendMessageBackHeader.decodeCommand(request);
    const { config, gate, groups, topics, inFlight } = this.#deps;
    const closed = gate.overload();
    if (closed !== undefined) return new Refusal(closed.code, closed.remark);
    const group = groups.find(header.group);
    if (group === undefined) {
      return new Refusal(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, `subscription group not exist, ${header.group}`);
    }
    if ((config.brokerPermission & Permission.WRITE) === 0) {
      return new Refusal(ResponseCode.NO_PERMISSION, `the broker[${config.brokerIP1}] sending message is forbidden`);
    }
    if (group.retryQueueNums > 0) {
      const retry = topics.ensure(retryTopic(header.group), group.retryQueueNums, readWrite);
      if ((retry.perm & Permission.WRITE) === 0) {
        return new Refusal(ResponseCode.NO_PERMISSION, `the topic[${retry.topicName}] sending message is forbidden`);
      }
    }
    inFlight.enter();
    try {
      return await this.#store(request, header, group, () => !connection.isOpen);
    } finally {
      inFlight.leave();
    }
  }

  async #store(
    request: RemotingCommand,
    header: ConsumerSendMessageBackHeader,
    group: SubscriptionGroupConfig,
    isGivenUp: () => boolean,
  ): Promise<Refusal | undefined> {
    const { store, timers } = this.#deps;
    const original = await store.lookMessage(header.offset);
    // Nobody consumed these; copying one would make an undecided or delayed message visible.
    if (original === undefined || hiddenTopics.has(original.topic)) {
      return new Refusal(ResponseCode.SYSTEM_ERROR, `look message by offset failed, ${header.offset}`);
    }
    const decision = decideSendBack({
      reconsumeTimes: original.reconsumeTimes,
      maxReconsumeTimes: maxReconsumeTimesOf(request.version, header.maxReconsumeTimes, group.retryMaxTimes),
      delayLevel: header.delayLevel,
      retryQueueNums: group.retryQueueNums,
    });
    const deps = { store, timers, isGivenUp, isTopicKept: false };
    const status = await new DurablePut(deps, this.#messageFor(original, group, decision)).durable();
    if (status === 'PUT_OK') this.#count(original, group.groupName, decision);
    return status === 'PUT_OK' ? undefined : new Refusal(codeOfPut(status), remarkOfPut(status) ?? status);
  }

  #count(original: MessageExt, group: string, decision: SendBackDecision): void {
    const { stats } = this.#deps;
    const topic = findProperty(original.propertiesBytes, PropertyName.RETRY_TOPIC) ?? original.topic;
    stats.sentBack(topic, group);
    if (decision.kind !== 'retry') stats.deadLettered(topic, group);
  }

  #messageFor(original: MessageExt, group: SubscriptionGroupConfig, decision: SendBackDecision): MessageToStore {
    const { levels, hosts } = this.#deps;
    const properties = decodeProperties(original.propertiesBytes);
    properties[PropertyName.RETRY_TOPIC] ??= original.topic;
    properties[PropertyName.ORIGIN_MESSAGE_ID] ??= hosts.messageIds.idOf(original.physicalOffset);
    properties[PropertyName.WAIT] = 'false';
    const destination = this.#destination(group, decision);
    let place = destination;
    if (decision.kind === 'retry') place = delayDestination(levels, decision.delayLevel, properties, destination);
    else properties[PropertyName.DELAY] = '0';
    const copy = copyMessage(original, { ...place, properties: Buffer.from(encodeProperties(properties)) });
    return {
      ...copy,
      sysFlag: hosts.withHostBits(copy.sysFlag, copy.bornHost),
      storeHost: hosts.storeHost,
      reconsumeTimes: original.reconsumeTimes + 1,
    };
  }

  #destination(group: SubscriptionGroupConfig, decision: SendBackDecision): Destination {
    const { random, topics } = this.#deps;
    if (decision.kind === 'retry') {
      const retry = topics.ensure(retryTopic(group.groupName), group.retryQueueNums, readWrite);
      // A group may have got more retry queues than its topic; nobody reads the others.
      const queueNums = Math.max(1, Math.min(group.retryQueueNums, usableQueueNums(retry)));
      return { topic: retry.topicName, queueId: random.int(queueNums) };
    }
    const config = topics.ensure(deadLetterTopic(group.groupName), 1, readWrite);
    return { topic: config.topicName, queueId: random.int(Math.max(1, usableQueueNums(config))) };
  }
}
