/**
 * GET_CONSUME_STATS (208): how far a group is in one topic, in several (5.x), or in all that it has offsets in (Java:
 * AdminBrokerProcessor.getConsumeStats; page 32 §5). Unknown topics, and those that a live group has left, are skipped.
 */
import type { Timers } from '@orbitmq/core/kernel';
import { type ConsumeStatsHeader, consumeStatsHeader, consumeStatsSteps, type RemotingCommand } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { inTurns } from '../../../metadata/next-turn.js';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import { namesOf, tooManyNames } from '../name-list.js';
import { refuse } from '../refuse.js';
import { answerTable, refuseTable } from '../table-answer.js';
import { TableWalk } from '../table-walk.js';
import type { CollectionGate } from './collection-gate.js';
import type { GroupProgress } from './group-progress.js';

export interface ConsumeStatsProcessorOptions {
  readonly timers: Timers;
  readonly topics: Pick<TopicConfigManager, 'get'>;
  readonly offsets: Pick<ConsumerOffsetManager, 'topicsWithOffsets'>;
  readonly progress: Pick<GroupProgress, 'hasLeft' | 'of'>;
  readonly gate: CollectionGate;
}

export class ConsumeStatsProcessor implements RequestProcessor {
  readonly #options: ConsumeStatsProcessorOptions;

  constructor(options: ConsumeStatsProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const header = consumeStatsHeader.decodeCommand(request);
    const topics = this.#topicsOf(header);
    if (topics === undefined) refuse(request, connection, tooManyNames);
    else
      await this.#options.gate.run(request, connection, () => this.#collect(header.consumerGroup, topics, request, connection));
  }

  async #collect(
    consumerGroup: string,
    named: readonly string[],
    request: RemotingCommand,
    connection: ServerConnection,
  ): Promise<void> {
    const { timers, topics, progress } = this.#options;
    const walk = new TableWalk(timers);
    let consumeTps = 0;
    const queues: string[] = [];
    for (const topic of named) {
      const pause = walk.step();
      if (pause !== undefined) await pause;
      const config = topics.get(topic);
      if (config === undefined || progress.hasLeft(consumerGroup, topic)) continue;
      const stats = await progress.of(walk, consumerGroup, topic, config.readQueueNums);
      consumeTps += stats.consumeTps;
      for (const queue of stats.queues) queues.push(queue);
      if (walk.isFull) break;
    }
    if (walk.isFull) refuseTable(request, connection);
    else {
      const body = await inTurns(timers, consumeStatsSteps({ consumeTps, queues }));
      answerTable(request, connection, { extFields: {}, body });
    }
  }

  /** Undefined when more are named than are looked at. */
  #topicsOf({ consumerGroup, topic = '', topicList = '' }: ConsumeStatsHeader): readonly string[] | undefined {
    const listed = namesOf(topicList, ';');
    if (listed === undefined) return undefined;
    const named = new Set(topic === '' ? listed : [topic, ...listed]);
    return named.size > 0 ? [...named] : this.#options.offsets.topicsWithOffsets(consumerGroup);
  }
}
