/**
 * A reset as 5.2 and later carry it out (Java: AdminBrokerProcessor.resetOffsetInner; page 32 §5): the committed offset is set,
 * whether somebody consumes or not, and the next pull of each queue is told to go there; one that is parked hears of it at once
 * (there: with the next message, or when its time is over). It is on the disk before it is answered and before parked pulls hear of
 * it, so what was answered survives a crash; a pull that comes while it is being written is told already. `isForce` is not asked, as
 * there.
 */
import { type MessageQueue, type QueueOffsets, type ResetOffsetHeader, ResponseCode } from '@orbitmq/protocol';
import type { BrokerConfig } from '../../../config/broker-config.js';
import type { SubscriptionGroupManager } from '../../../group/subscription-group-manager.js';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';
import { isOffsetInRange, isToTheEnd, storedResetOffset } from '../../../offset/reset-rules.js';
import type { MessageStore } from '../../../store/message-store.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import type { ResetMode, ResetOutcome } from './reset.js';

/** Answers the parked pulls of a group in a queue. */
export type WakeReaders = (group: string, topic: string, queueId: number) => void;

export interface ResetAtBrokerOptions {
  readonly config: Pick<BrokerConfig, 'brokerName'>;
  readonly store: Pick<MessageStore, 'minOffset' | 'maxOffset' | 'offsetByTime'>;
  readonly topics: TopicConfigManager;
  readonly groups: SubscriptionGroupManager;
  readonly offsets: ConsumerOffsetManager;
  readonly wakeReaders: WakeReaders;
}

export class ResetAtBroker implements ResetMode {
  readonly #options: ResetAtBrokerOptions;

  constructor(options: ResetAtBrokerOptions) {
    this.#options = options;
  }

  async reset(header: ResetOffsetHeader): Promise<ResetOutcome> {
    const { topic, group, queueId = -1, offset = -1 } = header;
    const { groups, offsets, topics } = this.#options;
    const config = topics.get(topic);
    if (config === undefined) return refused(ResponseCode.TOPIC_NOT_EXIST, `Topic ${topic} does not exist`);
    if (groups.find(group) === undefined) {
      return refused(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, `Group ${group} does not exist`);
    }
    if (queueId >= Math.max(config.readQueueNums, config.writeQueueNums)) {
      // Apache makes up an empty queue; nobody could ever pull it.
      return refused(ResponseCode.SYSTEM_ERROR, `queue ${queueId} is not one of the topic's`);
    }
    const problem = queueId >= 0 && offset >= 0 ? this.#rangeProblem(topic, queueId, offset) : undefined;
    if (problem !== undefined) return refused(ResponseCode.SYSTEM_ERROR, problem);
    const queueIds = queueId >= 0 ? [queueId] : Array.from({ length: config.readQueueNums }, (_, index) => index);
    if (queueIds.length === 0) return refused(ResponseCode.SYSTEM_ERROR, 'No queues to reset.');
    const wanted = await this.#wanted(header, queueIds);
    if (!offsets.canReset(wanted.length)) {
      return refused(ResponseCode.SYSTEM_BUSY, '[OVERLOAD]system busy, too many resets wait for their readers');
    }
    for (const [queue, target] of wanted) offsets.reset(group, topic, queue.queueId, target);
    await offsets.persist();
    for (const [{ queueId: id }] of wanted) this.#options.wakeReaders(group, topic, id);
    return { kind: 'reset', offsets: wanted };
  }

  #rangeProblem(topic: string, queueId: number, offset: number): string | undefined {
    const minOffset = this.#options.store.minOffset(topic, queueId);
    const maxOffset = this.#options.store.maxOffset(topic, queueId);
    if (isOffsetInRange(offset, minOffset, maxOffset)) return undefined;
    return `Target offset ${offset} not in consume queue range [${minOffset}-${maxOffset}]`;
  }

  async #wanted(
    { topic, timestamp, queueId = -1, offset = -1 }: ResetOffsetHeader,
    queueIds: readonly number[],
  ): Promise<QueueOffsets> {
    const { config, store } = this.#options;
    const wanted: (readonly [MessageQueue, number])[] = [];
    for (const id of queueIds) {
      const queue = { topic, brokerName: config.brokerName, queueId: id };
      if (queueId >= 0 && offset >= 0) wanted.push([queue, storedResetOffset(offset, store.maxOffset(topic, id))]);
      else if (isToTheEnd(timestamp)) wanted.push([queue, store.maxOffset(topic, id)]);
      else wanted.push([queue, await store.offsetByTime(topic, id, timestamp)]);
    }
    return wanted;
  }
}

function refused(code: number, remark: string): ResetOutcome {
  return { kind: 'refused', code, remark };
}
