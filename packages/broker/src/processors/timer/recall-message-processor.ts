import type { Clock, Timers } from '@orbitmq/core/kernel';
import {
  createResponse,
  encodeProperties,
  type RemotingCommand,
  ResponseCode,
  recallMessageHeader,
  recallMessageResponseHeader,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../config/broker-config.js';
import { DurablePut } from '../../durable-put.js';
import type { MessageStore, MessageToStore } from '../../store/message-store.js';
import { type Cancellation, recallBody, recallOf } from '../../timer/recall-rule.js';
import type { TimerDoor } from '../../timer/timer-door.js';
import { timerDestination } from '../../timer/timer-put-rule.js';
import { outTick } from '../../timer/timer-time.js';
import type { TopicConfigManager } from '../../topic/topic-config-manager.js';
import type { InFlightGauge } from '../message/in-flight-gauge.js';
import type { MessageHosts } from '../message/message-hosts.js';
import { overload, Refusal } from '../message/refusal.js';
import { codeOfPut, remarkOfPut } from '../message/send-answer.js';

export interface RecallMessageProcessorDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly topics: TopicConfigManager;
  readonly hosts: MessageHosts;
  readonly inFlight: InFlightGauge;
  readonly door: TimerDoor;
}

/**
 * RECALL_MESSAGE (370), 5.3.2 and later: takes a timed message back (Java: RecallMessageProcessor; page 06 §5). Answered when the
 * cancellation is durable, with SUCCESS only when that was before the tick was over in which the message waits: behind that the
 * message may have been delivered. Whether there is such a message nobody looks, as with Java's.
 */
export class RecallMessageProcessor implements RequestProcessor {
  readonly #deps: RecallMessageProcessorDeps;

  constructor(deps: RecallMessageProcessorDeps) {
    this.#deps = deps;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const outcome = await this.#recall(request, connection);
    // Clients of 5.x read it of every answer to a producer.
    const region = { MSG_REGION: this.#deps.config.regionId };
    if (outcome instanceof Refusal) {
      connection.respond(request, createResponse(request, outcome.code, { remark: outcome.remark, extFields: region }));
      return;
    }
    const extFields = { ...recallMessageResponseHeader.encode({ msgId: outcome.uniqueKey }), ...region };
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { extFields }));
  }

  async #recall(request: RemotingCommand, connection: ServerConnection): Promise<Refusal | { readonly uniqueKey: string }> {
    const { clock, config, topics, inFlight } = this.#deps;
    if (!config.recallMessageEnable) return new Refusal(ResponseCode.NO_PERMISSION, 'recall failed, operation is forbidden');
    const { topic, recallHandle = '' } = recallMessageHeader.decodeCommand(request);
    if (topics.get(topic) === undefined) {
      return new Refusal(ResponseCode.TOPIC_NOT_EXIST, `recall failed, the topic[${topic}] not exist`);
    }
    const recall = recallOf({
      topic,
      recallHandle,
      brokerName: config.brokerName,
      nowMs: clock.now(),
      maxDelayMs: config.timerMaxDelaySec * 1000,
      isTopicInKey: config.appendTopicForTimerDeleteKey,
    });
    if (recall.kind === 'refused') return new Refusal(recall.code, recall.remark);
    if (!config.timerWheelEnable) return new Refusal(ResponseCode.SYSTEM_ERROR, 'recall failed, timerWheelEnable is false');
    const congested = this.#deps.door.refuseCancellation(this.#tickOf(recall));
    if (congested !== undefined) return new Refusal(congested.code, congested.remark);
    if (inFlight.isFull) return overload('too many messages wait for their flush');
    inFlight.enter();
    try {
      return await this.#cancel(topic, recall, connection);
    } finally {
      inFlight.leave();
    }
  }

  async #cancel(
    topic: string,
    recall: Cancellation,
    connection: ServerConnection,
  ): Promise<Refusal | { readonly uniqueKey: string }> {
    const { clock, store, timers, door } = this.#deps;
    const deps = { store, timers, isGivenUp: () => !connection.isOpen, isTopicKept: true };
    const status = await new DurablePut(deps, this.#messageOf(topic, recall, connection)).durable();
    if (status === 'PUT_OK') {
      if (clock.now() < this.#tickOf(recall) + door.precisionMs) return recall;
      return new Refusal(
        ResponseCode.SYSTEM_ERROR,
        'recall failed, the message may have been delivered: its time came before the disk',
      );
    }
    return new Refusal(codeOfPut(status), `recall failed, ${remarkOfPut(status) ?? status}`);
  }

  #tickOf({ deliverMs }: Cancellation): number {
    return outTick(deliverMs, this.#deps.door.precisionMs);
  }

  #messageOf(topic: string, recall: Cancellation, connection: ServerConnection): MessageToStore {
    const { clock, hosts } = this.#deps;
    const properties: Record<string, string> = { ...recall.properties };
    const place = timerDestination(this.#tickOf(recall), properties, { topic, queueId: 0 });
    const bornHost = hosts.bornHost(connection);
    return {
      ...place,
      flag: 0,
      sysFlag: hosts.withHostBits(0, bornHost),
      bornTimestamp: clock.now(),
      bornHost,
      storeHost: hosts.storeHost,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: recallBody,
      properties: Buffer.from(encodeProperties(properties)),
      waitStore: true,
    };
  }
}
