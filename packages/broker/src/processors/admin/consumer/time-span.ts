/** QUERY_CONSUME_TIME_SPAN (303): how old what a group consumes is (Java: AdminBrokerProcessor.queryConsumeTimeSpan; page 32 §2). */
import type { Clock, Timers } from '@orbitmq/core/kernel';
import {
  consumeTimeSpanSteps,
  groupTopicHeader,
  type QueueTimeSpan,
  type RemotingCommand,
  ResponseCode,
  timeSpanText,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import { inTurns } from '../../../metadata/next-turn.js';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';
import type { MessageStore } from '../../../store/message-store.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import { refuse } from '../refuse.js';
import { answerTable, refuseTable } from '../table-answer.js';
import { TableWalk } from '../table-walk.js';
import type { CollectionGate } from './collection-gate.js';

export interface TimeSpanProcessorOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly config: Pick<BrokerConfig, 'brokerName'>;
  readonly store: Pick<MessageStore, 'maxOffset' | 'storeTime' | 'earliestStoreTime'>;
  readonly topics: TopicConfigManager;
  readonly offsets: Pick<ConsumerOffsetManager, 'query'>;
  readonly gate: CollectionGate;
}

export class TimeSpanProcessor implements RequestProcessor {
  readonly #options: TimeSpanProcessorOptions;

  constructor(options: TimeSpanProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const asked = groupTopicHeader.decodeCommand(request);
    await this.#options.gate.run(request, connection, () => this.#collect(asked, request, connection));
  }

  async #collect(
    { group, topic }: { readonly group: string; readonly topic: string },
    request: RemotingCommand,
    connection: ServerConnection,
  ): Promise<void> {
    const topicConfig = this.#options.topics.get(topic);
    if (topicConfig === undefined) {
      refuse(request, connection, { code: ResponseCode.TOPIC_NOT_EXIST, remark: `topic[${topic}] not exist` });
      return;
    }
    const walk = new TableWalk(this.#options.timers);
    const spans: string[] = [];
    for (let queueId = 0; queueId < topicConfig.writeQueueNums && !walk.isFull; queueId++) {
      const pause = walk.step();
      if (pause !== undefined) await pause;
      const text = timeSpanText(await this.#span(group, topic, queueId));
      walk.keep(text);
      spans.push(text);
    }
    if (walk.isFull) refuseTable(request, connection);
    else {
      const body = await inTurns(this.#options.timers, consumeTimeSpanSteps(spans));
      answerTable(request, connection, { extFields: {}, body });
    }
  }

  async #span(group: string, topic: string, queueId: number): Promise<QueueTimeSpan> {
    const { clock, config, offsets, store } = this.#options;
    const maxOffset = store.maxOffset(topic, queueId);
    const consumerOffset = offsets.query(group, topic, queueId);
    const minTimestamp = await store.earliestStoreTime(topic, queueId);
    const maxTimestamp = await store.storeTime(topic, queueId, maxOffset - 1);
    const consumeTimestamp = consumerOffset > 0 ? await store.storeTime(topic, queueId, consumerOffset - 1) : minTimestamp;
    const next = consumerOffset < maxOffset ? await store.storeTime(topic, queueId, Math.max(0, consumerOffset)) : -1;
    return {
      queue: { topic, brokerName: config.brokerName, queueId },
      minTimestamp,
      maxTimestamp,
      consumeTimestamp,
      delayMs: next < 0 ? 0 : Math.max(0, clock.now() - next),
    };
  }
}
