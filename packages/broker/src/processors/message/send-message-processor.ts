import type { Random } from '@orbitmq/core/kernel';
import {
  deadLetterTopic,
  decodeSendMessage,
  encodeProperties,
  findProperty,
  nameValueSeparator,
  Permission,
  PropertyName,
  propertySeparator,
  type ReceivedSendMessageHeader,
  type RemotingCommand,
  ResponseCode,
  retryTopicPrefix,
  SysFlag,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../config/broker-config.js';
import type { SendGate } from '../../flow-control/send-gate.js';
import type { SubscriptionGroupManager } from '../../group/subscription-group-manager.js';
import type { IdempotencyWindow } from '../../idempotency/idempotency-window.js';
import type { ClaimedAnswer, KeyClaim } from '../../idempotency/key-claim.js';
import { idempotencyKeyBytesMax, takesKeys } from '../../idempotency/keyed-record.js';
import type { RebalanceLockManager } from '../../order/rebalance-lock-manager.js';
import { isDeadLetterSend, maxReconsumeTimesOf } from '../../retry/dead-letter-rule.js';
import type { DelayLevels } from '../../schedule/delay-levels.js';
import { type Destination, timerRequestNames } from '../../schedule/delay-rewrite.js';
import { MessageType } from '../../stats/message-type.js';
import type { TransactionCounters } from '../../stats/transaction-counters.js';
import { recordSizeOf } from '../../store/commit-log/record-size.js';
import type { MessageStore, MessageToStore } from '../../store/message-store.js';
import type { TimerDoor } from '../../timer/timer-door.js';
import type { TopicConfigManager } from '../../topic/topic-config-manager.js';
import { usableQueueNums } from '../../topic/usable-queue-nums.js';
import { priorityQueue } from './priority-queue.js';
import { overload, Refusal } from './refusal.js';
import type { RepeatedSends } from './repeated-sends.js';
import { refuseSend, SendAnswer, type SendAnswerContext } from './send-answer.js';
import { type BatchFacts, batchMessages } from './send-batch.js';
import { type RewriteRules, type RewrittenSend, rewriteSend } from './send-rewrite.js';
import { type SendTarget, SendTargets, type TopicPutsSource } from './send-targets.js';
import { propertiesBytesMax, propertiesTooLarge, SentProperties } from './sent-properties.js';
import { ToldPut } from './told-put.js';

export interface SendMessageProcessorDeps {
  readonly random: Random;
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly topics: TopicConfigManager;
  readonly groups: SubscriptionGroupManager;
  readonly locks: RebalanceLockManager;
  readonly levels: DelayLevels;
  readonly answers: SendAnswerContext;
  readonly stats: TopicPutsSource & { deadLettered(topic: string, group: string): void };
  readonly transactions: Pick<TransactionCounters, 'opened'>;
  readonly gate: SendGate;
  readonly batchCountMax: number;
  readonly nextUniqueKey: () => string;
  /** False while the check cannot keep up: no further half message is taken. */
  readonly canTakeHalf: () => boolean;
  readonly idempotency: IdempotencyWindow;
  readonly repeats: RepeatedSends;
  readonly timer: TimerDoor;
}

const noProperties = Buffer.alloc(0);
const separatorByte = propertySeparator.charCodeAt(0);
const uniqueKeyStart = PropertyName.UNIQ_KEY + nameValueSeparator;
const readWrite = Permission.READ | Permission.WRITE;
const delayRequestNames: readonly string[] = [PropertyName.DELAY, ...timerRequestNames];

const emptyBody = new Refusal(ResponseCode.SYSTEM_ERROR, 'the message body is empty');
const bodyTooLarge = new Refusal(ResponseCode.MESSAGE_ILLEGAL, 'the message is illegal: its body is larger than maxMessageSize');
const keyTooLong = new Refusal(
  ResponseCode.MESSAGE_ILLEGAL,
  `the message is illegal: its idempotency key is longer than ${idempotencyKeyBytesMax} bytes`,
);
const innerBatch = new Refusal(
  ResponseCode.MESSAGE_ILLEGAL,
  'the message is illegal: inner batches need a topic of type BatchCQ',
);

/**
 * SEND_MESSAGE (10), SEND_MESSAGE_V2 (310) and SEND_BATCH_MESSAGE (320), two-way and one-way (Java: SendMessageProcessor; page 03).
 * Whether it is a batch says the header, not the code. Checks come in the order of Java 5.5. A plain message makes three objects:
 * the stored properties, the message, and its answer.
 */
export class SendMessageProcessor implements RequestProcessor {
  readonly #deps: SendMessageProcessorDeps;
  readonly #store: MessageStore;
  readonly #answers: SendAnswerContext;
  readonly #targets: SendTargets;
  readonly #rewriteRules: RewriteRules;
  readonly #brokerSuffix: Buffer;
  readonly #addedToEntries: Pick<BatchFacts, 'added' | 'addedBytes'>;
  /** Reused: it is read before anything else can run. */
  readonly #properties = new SentProperties();

  constructor(deps: SendMessageProcessorDeps) {
    const { config, answers } = deps;
    const added = { [PropertyName.MSG_REGION]: answers.regionId, [PropertyName.TRACE_ON]: String(answers.traceOn) };
    const brokerProperties = { [PropertyName.CLUSTER]: config.brokerClusterName, ...added };
    this.#deps = deps;
    this.#store = deps.store;
    this.#answers = answers;
    this.#targets = new SendTargets(config, deps.topics, deps.stats);
    this.#addedToEntries = { added, addedBytes: Buffer.from(encodeProperties(added)) };
    this.#brokerSuffix = Buffer.from(encodeProperties(brokerProperties));
    this.#rewriteRules = {
      levels: deps.levels,
      // Operators change it at run time.
      get rejectTransactionMessage() {
        return config.rejectTransactionMessage;
      },
      brokerProperties,
      nextUniqueKey: deps.nextUniqueKey,
      timerPut: (properties) => deps.timer.ask(properties),
    };
  }

  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void> {
    const header = decodeSendMessage(request);
    const outcome = this.#accept(request, header, connection);
    if (!(outcome instanceof Refusal)) return outcome;
    refuseSend(request, connection, this.#answers, outcome);
  }

  /** A promise: the send repeats a key, and its answer takes its time. */
  #accept(
    request: RemotingCommand,
    header: ReceivedSendMessageHeader,
    connection: ServerConnection,
  ): Refusal | Promise<void> | undefined {
    const closed = this.#deps.gate.overload() ?? this.#deps.gate.tooEarly();
    if (closed !== undefined) return new Refusal(closed.code, closed.remark);
    const body = request.body;
    if (body === undefined) return emptyBody;
    const target = this.#targets.find(header);
    if (target instanceof Refusal) return target;
    if (body.length > this.#deps.config.maxMessageSize) return bodyTooLarge;
    const sent = header.propertiesBytes ?? noProperties;
    if (sent.length > propertiesBytesMax) return propertiesTooLarge;
    if ((header.sysFlag & SysFlag.INNER_BATCH) !== 0) return innerBatch;
    this.#properties.read(sent);
    const queueId = this.#queueOf(header, target);
    if (header.batch === true) return this.#sendBatch(request, header, connection, { target, queueId, body, sent });
    const key = this.#properties.idempotencyKey;
    if (key !== undefined && this.#deps.idempotency.isEnabled && takesKeys(target.topic)) {
      return this.#sendKeyed(request, header, connection, { target, queueId, body, sent }, key);
    }
    return this.#sendOne(request, header, connection, target, queueId, body, sent, undefined);
  }

  #queueOf(header: ReceivedSendMessageHeader, target: SendTarget): number {
    const { priority } = this.#properties;
    const isMeant = target.isPriority || this.#deps.config.priorityOnAllTopics;
    if (priority !== undefined && isMeant && header.batch !== true) {
      const queueId = priorityQueue(priority, target.usableQueueNums);
      if (queueId !== undefined) return queueId;
    }
    return header.queueId >= 0 ? header.queueId : this.#deps.random.int(target.usableQueueNums);
  }

  #sendOne(
    request: RemotingCommand,
    header: ReceivedSendMessageHeader,
    connection: ServerConnection,
    target: SendTarget,
    queueId: number,
    body: Buffer,
    sent: Buffer,
    claim: KeyClaim | undefined,
  ): Refusal | undefined {
    const isMarked = (header.sysFlag & SysFlag.TRANSACTION_MASK) !== 0;
    if (target.isRetry || isMarked || !this.#properties.isPlain) {
      return this.#sendRewritten(request, header, connection, { target, queueId, body, sent }, claim);
    }
    const uniqueKey = this.#properties.uniqueKey ?? this.#deps.nextUniqueKey();
    const properties = this.#storedProperties(sent, uniqueKey);
    const message = this.#message(header, connection, body, target.topic, queueId, header.sysFlag, properties);
    const sizeBytes = recordSizeOf(message, message.topic);
    const type = this.#properties.isOrdered ? MessageType.FIFO : MessageType.NORMAL;
    const answer = new SendAnswer(request, connection, this.#answers, queueId, uniqueKey, target.puts, 1, sizeBytes, type);
    this.#store.putMessage(message, claim === undefined ? answer : claim.with(answer, false));
    return undefined;
  }

  /** The first send with a key is stored like any other; a repeat is answered with what the first was told, as far as its record says it. */
  #sendKeyed(
    request: RemotingCommand,
    header: ReceivedSendMessageHeader,
    connection: ServerConnection,
    send: Send,
    key: string,
  ): Refusal | Promise<void> | undefined {
    if (Buffer.byteLength(key) > idempotencyKeyBytesMax) return keyTooLong;
    const { idempotency, repeats } = this.#deps;
    const { target, queueId, body, sent } = send;
    const { topic } = target;
    const known = idempotency.find(topic, key);
    if (known !== undefined)
      return this.#answerRepeat(repeats.answer({ request, connection, topic, key, body, known }), request, connection);
    const claim = idempotency.claim(topic, key);
    const refusal = this.#sendOne(request, header, connection, target, queueId, body, sent, claim);
    if (refusal !== undefined) claim.giveUp();
    return refusal;
  }

  async #answerRepeat(answering: Promise<boolean>, request: RemotingCommand, connection: ServerConnection): Promise<void> {
    if (!(await answering)) await this.process(request, connection);
  }

  /** What was sent, and behind it what the broker adds (page 03 §3, as 5.x). */
  #storedProperties(sent: Buffer, uniqueKey: string): Buffer {
    const isOpen = sent.length > 0 && sent[sent.length - 1] !== separatorByte;
    const key = this.#properties.uniqueKey === undefined ? uniqueKeyStart + uniqueKey + propertySeparator : '';
    const suffix = this.#brokerSuffix;
    const stored = Buffer.allocUnsafe(sent.length + (isOpen ? 1 : 0) + key.length + suffix.length);
    let at = sent.copy(stored);
    if (isOpen) {
      stored[at] = separatorByte;
      at += 1;
    }
    if (key !== '') at += stored.write(key, at, 'latin1');
    suffix.copy(stored, at);
    return stored;
  }

  #message(
    header: ReceivedSendMessageHeader,
    connection: ServerConnection,
    body: Buffer,
    topic: string,
    queueId: number,
    sysFlag: number,
    properties: Buffer,
  ): MessageToStore {
    const hosts = this.#answers.hosts;
    const bornHost = hosts.bornHost(connection);
    return {
      topic,
      queueId,
      flag: header.flag,
      sysFlag: hosts.withHostBits(sysFlag, bornHost),
      bornTimestamp: header.bornTimestamp,
      bornHost,
      storeHost: hosts.storeHost,
      reconsumeTimes: header.reconsumeTimes ?? 0,
      preparedTransactionOffset: 0,
      body,
      properties,
      waitStore: this.#properties.waitStore,
    };
  }

  #sendRewritten(
    request: RemotingCommand,
    header: ReceivedSendMessageHeader,
    connection: ServerConnection,
    send: Send,
    claim: KeyClaim | undefined,
  ): Refusal | undefined {
    const requested = { topic: send.target.topic, queueId: send.queueId };
    const destination = send.target.isRetry ? this.#retryDestination(request, header, requested) : requested;
    if (destination instanceof Refusal) return destination;
    const rewritten = rewriteSend(
      {
        destination,
        sysFlag: header.sysFlag,
        reconsumeTimes: header.reconsumeTimes ?? 0,
        properties: send.sent,
        isDeadLetter: destination !== requested,
      },
      this.#rewriteRules,
    );
    if (rewritten instanceof Refusal) return rewritten;
    if (rewritten.isHalf && !this.#deps.canTakeHalf()) return overload('too many transactions are undecided');
    const { topic, queueId, sysFlag, properties, uniqueKey } = rewritten;
    const sent = this.#message(header, connection, send.body, topic, queueId, sysFlag, properties);
    // The consumer's offset passes the failed message with this answer. A retried message says WAIT=false since it was one.
    const message = send.target.isRetry ? { ...sent, waitStore: true } : sent;
    const puts = topic === send.target.topic ? send.target.puts : this.#deps.stats.topicPuts(topic);
    const sizeBytes = recordSizeOf(message, topic);
    const type = this.#typeOf(rewritten, send.sent);
    const answer = new SendAnswer(request, connection, this.#answers, destination.queueId, uniqueKey, puts, 1, sizeBytes, type);
    if (rewritten.timerOutMs !== undefined) {
      answer.recallHandle = this.#deps.timer.recallHandle(destination.topic, uniqueKey, rewritten.timerOutMs);
    }
    const told = this.#toldOf(answer, requested, destination, rewritten);
    this.#store.putMessage(message, claim === undefined ? told : claim.with(told, rewritten.isHalf));
    return undefined;
  }

  /** As at Apache by what is asked for, also where it means nothing, such as a delay level of 0. */
  #typeOf({ isHalf }: RewrittenSend, sent: Buffer): MessageType {
    if (isHalf) return MessageType.TRANSACTION;
    if (this.#properties.isOrdered) return MessageType.FIFO;
    const isDelayed = delayRequestNames.some((name) => findProperty(sent, name) !== undefined);
    return isDelayed ? MessageType.DELAY : MessageType.NORMAL;
  }

  /** Half messages and dead letters are counted on their own. */
  #toldOf(answer: SendAnswer, requested: Destination, destination: Destination, rewritten: RewrittenSend): ClaimedAnswer {
    const { stats, transactions } = this.#deps;
    if (rewritten.isHalf) return new ToldPut(answer, () => transactions.opened(destination.topic));
    if (destination === requested) return answer;
    const group = requested.topic.slice(retryTopicPrefix.length);
    const topic = findProperty(rewritten.properties, PropertyName.RETRY_TOPIC) ?? requested.topic;
    return new ToldPut(answer, () => stats.deadLettered(topic, group));
  }

  /** A send to `%RETRY%group`: the same object when it may go there, the dead letters when it was retried enough (page 06 §3). */
  #retryDestination(request: RemotingCommand, header: ReceivedSendMessageHeader, requested: Destination): Destination | Refusal {
    const { groups, topics, locks, random } = this.#deps;
    const groupName = requested.topic.slice(retryTopicPrefix.length);
    const group = groups.find(groupName);
    if (group === undefined) {
      return new Refusal(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, `subscription group not exist, ${groupName}`);
    }
    const isDeadLetter = isDeadLetterSend({
      reconsumeTimes: header.reconsumeTimes ?? 0,
      maxReconsumeTimes: maxReconsumeTimesOf(request.version, header.maxReconsumeTimes, group.retryMaxTimes),
      hasLiveLock: locks.hasLiveLock(groupName),
    });
    if (!isDeadLetter) return requested;
    const config = topics.ensure(deadLetterTopic(groupName), 1, readWrite);
    return { topic: config.topicName, queueId: random.int(Math.max(1, usableQueueNums(config))) };
  }

  #sendBatch(
    request: RemotingCommand,
    header: ReceivedSendMessageHeader,
    connection: ServerConnection,
    send: Send,
  ): Refusal | undefined {
    const facts: BatchFacts = {
      body: send.body,
      properties: send.sent,
      sysFlag: header.sysFlag,
      isRetryTopic: send.target.isRetry,
      countMax: this.#deps.batchCountMax,
      ...this.#addedToEntries,
      refusesKeys: this.#deps.idempotency.isEnabled && takesKeys(send.target.topic),
    };
    const empty = Buffer.alloc(0);
    const common = this.#message(header, connection, empty, send.target.topic, send.queueId, header.sysFlag, empty);
    const messages = batchMessages(facts, common);
    if (messages instanceof Refusal) return messages;
    const uniqueKey = this.#properties.uniqueKey ?? this.#deps.nextUniqueKey();
    const { puts, topic } = send.target;
    let sizeBytes = 0;
    for (const message of messages) sizeBytes += recordSizeOf(message, topic);
    const { length } = messages;
    const answer = new SendAnswer(request, connection, this.#answers, send.queueId, uniqueKey, puts, length, sizeBytes);
    this.#store.putMessages(messages, answer);
    return undefined;
  }
}

interface Send {
  readonly target: SendTarget;
  readonly queueId: number;
  readonly body: Buffer;
  /** The property string as sent. */
  readonly sent: Buffer;
}
