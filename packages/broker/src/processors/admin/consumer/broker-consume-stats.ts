/**
 * GET_BROKER_CONSUME_STATS (317): how far every group is in every topic it has offsets in (Java:
 * AdminBrokerProcessor.fetchAllConsumeStatsInBroker; page 32 §2). Group after group, so that nobody is held up; one at a time,
 * so that asking again and again costs one answer's memory, and others may ask about a group meanwhile.
 */
import type { Timers } from '@orbitmq/core/kernel';
import { brokerConsumeStatsHeader, consumeStatsListSteps, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import { inTurns, nextTurn } from '../../../metadata/next-turn.js';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import { refuse } from '../refuse.js';
import { answerTable, refuseTable } from '../table-answer.js';
import { TableWalk } from '../table-walk.js';
import type { CollectionGate } from './collection-gate.js';
import type { GroupProgress, ProgressInTopic } from './group-progress.js';

export interface BrokerConsumeStatsProcessorOptions {
  readonly timers: Timers;
  readonly topics: TopicConfigManager;
  readonly groups: SubscriptionGroupManager;
  readonly offsets: Pick<ConsumerOffsetManager, 'topicsWithOffsets'>;
  readonly progress: GroupProgress;
  readonly gate: CollectionGate;
  /** `ip:port` of this broker. */
  readonly address: () => string;
}

export class BrokerConsumeStatsProcessor implements RequestProcessor {
  readonly #options: BrokerConsumeStatsProcessorOptions;
  #isRunning = false;

  constructor(options: BrokerConsumeStatsProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { isOrder } = brokerConsumeStatsHeader.decodeCommand(request);
    if (this.#isRunning) {
      const remark = '[OVERLOAD]system busy, the progress of all groups is being collected for somebody else';
      refuse(request, connection, { code: ResponseCode.SYSTEM_BUSY, remark });
      return;
    }
    this.#isRunning = true;
    try {
      await this.#options.gate.run(request, connection, async () => {
        const body = await this.#body(isOrder === true);
        if (body === undefined) refuseTable(request, connection);
        else answerTable(request, connection, { extFields: {}, body });
      });
    } finally {
      this.#isRunning = false;
    }
  }

  /** Undefined when no frame holds it. */
  async #body(isOrderedOnly: boolean): Promise<Buffer | undefined> {
    const { timers, groups, address } = this.#options;
    const walk = new TableWalk(timers);
    const collected: (readonly [string, readonly ProgressInTopic[]])[] = [];
    let totalDiff = 0;
    let totalInflightDiff = 0;
    // Those of now: the table may grow while it is walked through.
    const names = Array.from(groups.all().keys());
    for (const group of names) {
      const stats = await this.#ofGroup(walk, group, isOrderedOnly);
      // Its queues are counted already.
      walk.keep(group);
      if (walk.isFull) return undefined;
      for (const { diff, inflightDiff } of stats) {
        totalDiff += diff;
        totalInflightDiff += inflightDiff;
      }
      collected.push([group, stats]);
      await nextTurn(timers);
    }
    return await inTurns(
      timers,
      consumeStatsListSteps({ brokerAddr: address(), groups: collected, totalDiff, totalInflightDiff }),
    );
  }

  async #ofGroup(walk: TableWalk, group: string, isOrderedOnly: boolean): Promise<ProgressInTopic[]> {
    const { offsets, topics, progress } = this.#options;
    const stats: ProgressInTopic[] = [];
    for (const topic of offsets.topicsWithOffsets(group)) {
      const pause = walk.step();
      if (pause !== undefined) await pause;
      const config = topics.get(topic);
      if (config === undefined || (isOrderedOnly && !config.order) || progress.hasLeft(group, topic)) continue;
      stats.push(await progress.of(walk, group, topic, config.writeQueueNums));
      if (walk.isFull) break;
    }
    return stats;
  }
}
