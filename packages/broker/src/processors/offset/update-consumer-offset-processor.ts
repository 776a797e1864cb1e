/**
 * UPDATE_CONSUMER_OFFSET (15), usually one-way (Java: ConsumerManageProcessor; page 05 §4). Rules of 5.x: the group and the
 * topic must exist, going back is allowed. Ours on top: negative offsets and queues the topic does not have are refused,
 * where Apache stores them and answers 14 as if there were none; so are the groups of the broker itself (see ClientOffsets).
 * While a reset waits for the queue's next pull, what clients commit is from before it: answered with success, and not stored.
 */
import {
  createResponse,
  type RemotingCommand,
  ResponseCode,
  type UpdateConsumerOffsetHeader,
  updateConsumerOffsetHeader,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { SubscriptionGroupManager } from '../../group/subscription-group-manager.js';
import { isBrokerGroup } from '../../offset/client-offsets.js';
import type { ConsumerOffsetManager } from '../../offset/consumer-offset-manager.js';
import type { TopicConfigManager } from '../../topic/topic-config-manager.js';

interface Refusal {
  readonly code: number;
  readonly remark: string;
}

export class UpdateConsumerOffsetProcessor implements RequestProcessor {
  readonly #offsets: ConsumerOffsetManager;
  readonly #groups: SubscriptionGroupManager;
  readonly #topics: TopicConfigManager;

  constructor(offsets: ConsumerOffsetManager, groups: SubscriptionGroupManager, topics: TopicConfigManager) {
    this.#offsets = offsets;
    this.#groups = groups;
    this.#topics = topics;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const header = updateConsumerOffsetHeader.decodeCommand(request);
    const refusal = this.#refusal(header);
    if (refusal !== undefined) {
      connection.respond(request, createResponse(request, refusal.code, { remark: refusal.remark }));
      return;
    }
    const { consumerGroup, topic, queueId, commitOffset } = header;
    if (!this.#offsets.isResetPending(consumerGroup, topic, queueId)) {
      this.#offsets.commit(consumerGroup, topic, queueId, commitOffset);
    }
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }

  #refusal(header: UpdateConsumerOffsetHeader): Refusal | undefined {
    const { consumerGroup, topic, queueId, commitOffset } = header;
    if (isBrokerGroup(consumerGroup)) {
      return { code: ResponseCode.NO_PERMISSION, remark: `the offsets of group ${consumerGroup} are the broker's own` };
    }
    if (!this.#groups.all().has(consumerGroup)) {
      return { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark: `Group ${consumerGroup} not exist!` };
    }
    const config = this.#topics.get(topic);
    if (config === undefined) return { code: ResponseCode.TOPIC_NOT_EXIST, remark: `Topic ${topic} not exist!` };
    if (commitOffset < 0) {
      return { code: ResponseCode.INVALID_PARAMETER, remark: `commitOffset ${commitOffset} is negative` };
    }
    const queueNums = Math.max(config.readQueueNums, config.writeQueueNums);
    // A queue that was taken away from the topic may still be read to its end.
    const isKnown = queueId < queueNums || this.#offsets.query(consumerGroup, topic, queueId) >= 0;
    if (queueId < 0 || !isKnown) {
      return {
        code: ResponseCode.INVALID_PARAMETER,
        remark: `queueId ${queueId} is not one of the ${queueNums} queues of ${topic}`,
      };
    }
    return undefined;
  }
}
