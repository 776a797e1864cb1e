/** GET_TOPIC_STATS_INFO (202): the ends of a topic's queues (Java: AdminBrokerProcessor.getTopicStatsInfo; page 32 §2). */
import type { Timers } from '@orbitmq/core/kernel';
import { type RemotingCommand, ResponseCode, topicHeader, topicStatsSteps, topicStatsText } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import { inTurns } from '../../../metadata/next-turn.js';
import type { MessageStore } from '../../../store/message-store.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import { refuse } from '../refuse.js';
import { answerTable, refuseTable } from '../table-answer.js';
import { TableWalk } from '../table-walk.js';
import type { CollectionGate } from './collection-gate.js';
import type { ConsumptionRates } from './consumption-rates.js';

export interface TopicStatsProcessorOptions {
  readonly timers: Timers;
  readonly config: Pick<BrokerConfig, 'brokerName'>;
  readonly store: Pick<MessageStore, 'minOffset' | 'maxOffset' | 'storeTime'>;
  readonly topics: TopicConfigManager;
  readonly rates: ConsumptionRates;
  readonly gate: CollectionGate;
}

export class TopicStatsProcessor implements RequestProcessor {
  readonly #options: TopicStatsProcessorOptions;

  constructor(options: TopicStatsProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { topic } = topicHeader.decodeCommand(request);
    await this.#options.gate.run(request, connection, () => this.#collect(topic, request, connection));
  }

  async #collect(topic: string, request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { config, rates, store, timers, topics } = this.#options;
    const topicConfig = topics.get(topic);
    if (topicConfig === undefined) {
      refuse(request, connection, { code: ResponseCode.TOPIC_NOT_EXIST, remark: `topic[${topic}] not exist` });
      return;
    }
    const walk = new TableWalk(timers);
    const queues: string[] = [];
    for (let queueId = 0; queueId < topicConfig.writeQueueNums && !walk.isFull; queueId++) {
      const pause = walk.step();
      if (pause !== undefined) await pause;
      const maxOffset = store.maxOffset(topic, queueId);
      const lastUpdateTimestamp = maxOffset === 0 ? 0 : Math.max(0, await store.storeTime(topic, queueId, maxOffset - 1));
      const queue = { topic, brokerName: config.brokerName, queueId };
      const text = topicStatsText(queue, { minOffset: store.minOffset(topic, queueId), maxOffset, lastUpdateTimestamp });
      walk.keep(text);
      queues.push(text);
    }
    if (walk.isFull) refuseTable(request, connection);
    else {
      const body = await inTurns(timers, topicStatsSteps({ topicPutTps: rates.topicPutTps(topic), queues }));
      answerTable(request, connection, { extFields: {}, body });
    }
  }
}
