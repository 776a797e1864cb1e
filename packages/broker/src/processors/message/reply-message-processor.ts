import type { Clock, Random } from '@orbitmq/core/kernel';
import {
  createResponse,
  decodeProperties,
  decodeSendMessage,
  encodeProperties,
  PropertyName,
  type ReceivedSendMessageHeader,
  type RemotingCommand,
  ResponseCode,
  SysFlag,
  sendMessageResponseHeader,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../config/broker-config.js';
import type { SendGate } from '../../flow-control/send-gate.js';
import type { ReplyRelay } from '../../reply/reply-relay.js';
import type { DelayLevels } from '../../schedule/delay-levels.js';
import { type Destination, delayDestination, delayLevelOf } from '../../schedule/delay-rewrite.js';
import { recordSizeOf } from '../../store/commit-log/record-size.js';
import type { MessageStore, MessageToStore } from '../../store/message-store.js';
import { isStored, StartedPut } from '../../store/started-put.js';
import type { TimerDoor } from '../../timer/timer-door.js';
import { timerDestination } from '../../timer/timer-put-rule.js';
import type { TopicConfigManager } from '../../topic/topic-config-manager.js';
import { overload, Refusal } from './refusal.js';
import { refuseSend, type SendAnswerContext } from './send-answer.js';
import { type SendTarget, SendTargets, type TopicPutsSource } from './send-targets.js';
import { isDroppedProperty, propertiesBytesMax, propertiesTooLarge } from './sent-properties.js';

export interface ReplyMessageProcessorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly topics: TopicConfigManager;
  readonly stats: TopicPutsSource;
  readonly answers: SendAnswerContext;
  readonly relay: ReplyRelay;
  readonly gate: SendGate;
  readonly levels: DelayLevels;
  readonly timer: Pick<TimerDoor, 'ask'>;
  /** `ip:port` of this broker. */
  readonly address: () => string;
}

/** A reply that passed every check. */
interface Reply {
  readonly header: ReceivedSendMessageHeader;
  readonly target: SendTarget;
  readonly queueId: number;
  readonly body: Buffer;
  /** As sent, without what is never stored, with region and trace switch as 5.x adds them. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Where the stored copy goes, and as what. */
interface Copy extends Destination {
  readonly properties: Readonly<Record<string, string>>;
}

/** What a record's sysFlag may say of a reply: how its body is compressed. Java stores 0, and its readers find a body that they cannot read. */
const compressionBits = SysFlag.COMPRESSED | SysFlag.COMPRESSION_TYPE_MASK;
const noProperties = Buffer.alloc(0);
const emptyBody = new Refusal(ResponseCode.SYSTEM_ERROR, 'the message body is empty');
const bodyTooLarge = new Refusal(ResponseCode.MESSAGE_ILLEGAL, 'the message is illegal: its body is larger than maxMessageSize');
/** Of a reply that is not stored; Java's clients want a number. */
const noPlace = { msgId: '0', queueOffset: 0 };

/**
 * SEND_REPLY_MESSAGE (324) and SEND_REPLY_MESSAGE_V2 (325): the reply goes to the producer whose client id it names, and into the
 * topic it names unless `storeReplyMessageEnable` is off (Java: ReplyMessageProcessor; page 35). The answer says whether the requester
 * took it, and never less than what was promised of the stored copy: it waits for both. What became of the copy does not change its code,
 * but for a delay level that is no number. A delay or a time of its own is the copy's only: the requester waits for its reply.
 * A store that takes nothing now gets no copy, and keeps no reply from its requester: one that is refused is not sent again by clients
 * of 4.9, and by those of 5.x only when they wait for its answer.
 */
export class ReplyMessageProcessor implements RequestProcessor {
  readonly #deps: ReplyMessageProcessorDeps;
  readonly #targets: SendTargets;

  constructor(deps: ReplyMessageProcessorDeps) {
    this.#deps = deps;
    this.#targets = new SendTargets(deps.config, deps.topics, deps.stats);
  }

  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void> {
    const reply = this.#accept(request);
    if (reply instanceof Refusal) refuseSend(request, connection, this.#deps.answers, reply);
    else return this.#handOn(reply, request, connection);
  }

  #accept(request: RemotingCommand): Reply | Refusal {
    const { answers, config, gate, random, relay } = this.#deps;
    const header = decodeSendMessage(request);
    const { body } = request;
    if (body === undefined) return emptyBody;
    const closed = gate.tooEarly();
    if (closed !== undefined) return new Refusal(closed.code, closed.remark);
    if (!relay.hasRoom(body)) return overload('too many replies wait for their requesters');
    const target = this.#targets.find(header);
    if (target instanceof Refusal) return target;
    // Java hands on what is too large, and fails to store it.
    if (body.length > config.maxMessageSize) return bodyTooLarge;
    const sent = header.propertiesBytes ?? noProperties;
    if (sent.length > propertiesBytesMax) return propertiesTooLarge;
    const properties = decodeProperties(sent);
    for (const name of Object.keys(properties)) if (isDroppedProperty(name)) delete properties[name];
    properties[PropertyName.MSG_REGION] = answers.regionId;
    properties[PropertyName.TRACE_ON] = String(answers.traceOn);
    const queueId = header.queueId >= 0 ? header.queueId : random.int(target.usableQueueNums);
    return { header, target, queueId, body, properties };
  }

  async #handOn(reply: Reply, request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { answers, config } = this.#deps;
    const copy = config.storeReplyMessageEnable ? this.#copyOf(reply) : undefined;
    const putting = typeof copy === 'object' ? this.#store(reply, copy, connection) : undefined;
    const [pushProblem, place] = await Promise.all([this.#push(reply, connection), putting]);
    const remark = typeof copy === 'string' ? copy : pushProblem;
    const told = {
      MSG_REGION: answers.regionId,
      TRACE_ON: String(answers.traceOn),
      transactionId: undefined,
      recallHandle: undefined,
    };
    const extFields = sendMessageResponseHeader.encode({ ...noPlace, ...place, queueId: reply.queueId, ...told });
    const code = remark === undefined ? ResponseCode.SUCCESS : ResponseCode.SYSTEM_ERROR;
    connection.respond(request, createResponse(request, code, { remark, extFields }));
  }

  #push({ header, properties, body }: Reply, connection: ServerConnection): Promise<string | undefined> {
    const { address, clock, relay } = this.#deps;
    const now = clock.now();
    const pushed = { ...properties, [PropertyName.PUSH_REPLY_TIME]: String(now) };
    return relay.push(
      properties[PropertyName.REPLY_TO_CLIENT],
      {
        producerGroup: header.producerGroup,
        topic: header.topic,
        defaultTopic: header.defaultTopic,
        defaultTopicQueueNums: header.defaultTopicQueueNums,
        queueId: header.queueId,
        sysFlag: header.sysFlag,
        bornTimestamp: header.bornTimestamp,
        flag: header.flag,
        properties: encodeProperties(pushed),
        reconsumeTimes: header.reconsumeTimes ?? 0,
        unitMode: header.unitMode ?? false,
        bornHost: connection.remoteAddress,
        storeHost: address(),
        storeTimestamp: now,
      },
      body,
    );
  }

  /** As any message goes (pages 06 §4, 25 §4); undefined when the timer does not take it, a text when nobody knows what is asked for. */
  #copyOf({ properties, queueId, target }: Reply): Copy | string | undefined {
    const { answers, levels, timer } = this.#deps;
    const own = { topic: target.topic, queueId };
    const level = delayLevelOf(properties);
    if (level === undefined) {
      answers.failures.putFailures += 1;
      return `DELAY is no number: "${properties[PropertyName.DELAY]}"`;
    }
    const moved = { ...properties };
    if (level > 0) return { ...delayDestination(levels, level, moved, own), properties: moved };
    const put = timer.ask(properties);
    if (put.kind === 'timed') return { ...timerDestination(put.outMs, moved, own), properties: moved };
    if (put.kind !== 'refused') return { ...own, properties };
    answers.failures.putFailures += 1;
    return undefined;
  }

  /** Resolves with the place of the copy, undefined when there is none; never rejects. */
  async #store(
    reply: Reply,
    copy: Copy,
    connection: ServerConnection,
  ): Promise<{ readonly msgId: string; readonly queueOffset: number } | undefined> {
    const { answers, gate, stats, store } = this.#deps;
    const { target } = reply;
    if (gate.overload() !== undefined) {
      answers.failures.putFailures += 1;
      return undefined;
    }
    const message = this.#message(reply, copy, connection);
    answers.inFlight.enter();
    const put = StartedPut.of(store, message);
    const status = await put.done;
    answers.inFlight.leave();
    if (!isStored(status)) {
      answers.failures.putFailures += 1;
      return undefined;
    }
    const puts = copy.topic === target.topic ? target.puts : stats.topicPuts(copy.topic);
    puts.add(1, recordSizeOf(message, copy.topic));
    return { msgId: answers.hosts.messageIds.idOf(put.physicalOffset), queueOffset: put.queueOffset };
  }

  #message({ header, body }: Reply, { topic, queueId, properties }: Copy, connection: ServerConnection): MessageToStore {
    const { hosts } = this.#deps.answers;
    const bornHost = hosts.bornHost(connection);
    return {
      topic,
      queueId,
      flag: header.flag,
      sysFlag: hosts.withHostBits(header.sysFlag & compressionBits, bornHost),
      bornTimestamp: header.bornTimestamp,
      bornHost,
      storeHost: hosts.storeHost,
      reconsumeTimes: header.reconsumeTimes ?? 0,
      preparedTransactionOffset: 0,
      body,
      properties: Buffer.from(encodeProperties(properties)),
      waitStore: properties[PropertyName.WAIT] !== 'false',
    };
  }
}
