/**
 * Keeps one queue's cache filled (Java: PullMessageService and DefaultMQPushConsumerImpl#pullMessage; page 04): one pull at
 * a time, the next as soon as there is room, held by the broker when there is nothing. Ends when the queue is dropped.
 */
import { type Environment, InvariantError, isMqError, sleep } from '@orbitmq/core/kernel';
import {
  decodePullMessageResponse,
  type PullMessageHeader,
  PullSysFlag,
  type RemotingCommand,
  ResponseCode,
} from '@orbitmq/protocol';
import type { AssignedQueue } from './assigned-queue.js';
import type { ConsumerClient } from './consumer-client.js';
import type { ConsumerRequests } from './consumer-requests.js';
import type { ConsumerTuning } from './consumer-tuning.js';
import type { ConsumptionStats } from './consumption-stats.js';
import { decodePullBody } from './decode-pull-body.js';
import { pullAction } from './pull-action.js';
import type { SubscriptionTable } from './subscription-table.js';

export interface PullLoopOptions {
  readonly environment: Environment;
  readonly instance: Pick<ConsumerClient, 'readAddress' | 'refreshRoute'>;
  readonly requests: Pick<ConsumerRequests, 'pull'>;
  readonly subscriptions: Pick<SubscriptionTable, 'announcedVersion' | 'tagsOf'>;
  readonly stats: Pick<ConsumptionStats, 'sampleWhenDue'>;
  readonly group: string;
  readonly pullBatchSize: number;
  readonly tuning: ConsumerTuning;
  /** The cache of a queue got messages. */
  readonly onMessages: (queue: AssignedQueue) => void;
  /** The broker says that the offset is outside of the queue, and where to go on. */
  readonly onOffsetMoved: (queue: AssignedQueue, offset: number) => void;
  /** A broker does not know what the group subscribes to. */
  readonly onSubscriptionUnknown: () => void;
}

export class PullLoop {
  readonly #options: PullLoopOptions;

  constructor(options: PullLoopOptions) {
    this.#options = options;
  }

  /** Resolves when the queue's `pullSignal` was aborted. */
  async run(queue: AssignedQueue): Promise<void> {
    while (!queue.pullSignal.aborted) {
      const room = queue.processQueue.room();
      if (room !== undefined) {
        await room;
        continue;
      }
      const pauseMs = await this.#pullOnce(queue);
      if (pauseMs > 0) await this.#pause(queue, pauseMs);
    }
  }

  /** Returns how long to wait before the next pull. */
  async #pullOnce(queue: AssignedQueue): Promise<number> {
    const { instance, tuning } = this.#options;
    const { brokerName, topic } = queue.queue;
    const address = instance.readAddress(brokerName, queue.preferredBrokerId);
    if (address === undefined) {
      this.#log(queue, 'no address of the broker is known');
      instance.refreshRoute(topic).catch((error: unknown) => this.#log(queue, 'looking the route up failed', error));
      return tuning.pullRetryMs;
    }
    const queueOffset = queue.processQueue.nextOffset;
    queue.pulledAtMs = this.#options.environment.clock.monotonic();
    try {
      const answer = await this.#options.requests.pull(address, this.#header(queue, queueOffset), queue.pullSignal);
      return queue.pullSignal.aborted ? 0 : this.#apply(queue, answer, queueOffset);
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      if (queue.pullSignal.aborted) return 0;
      this.#log(queue, 'pulling failed', error);
      // The broker to read from may be gone; the master is the one to ask first.
      queue.preferredBrokerId = 0;
      return tuning.pullRetryMs;
    }
  }

  #header(queue: AssignedQueue, queueOffset: number): PullMessageHeader {
    const { subscriptions, group, pullBatchSize, tuning } = this.#options;
    const { topic, queueId, brokerName } = queue.queue;
    return {
      consumerGroup: group,
      topic,
      queueId,
      queueOffset,
      maxMsgNums: pullBatchSize,
      // A pull carries no offset to commit: a broker that serves pulls and commits side by side (Apache 5.5) may take the older
      // one of a pull after the last commit of a stop.
      sysFlag: PullSysFlag.SUSPEND,
      commitOffset: 0,
      suspendTimeoutMillis: tuning.brokerSuspendMs,
      subscription: undefined,
      subVersion: subscriptions.announcedVersion(topic),
      expressionType: 'TAG',
      maxMsgBytes: undefined,
      brokerName,
    };
  }

  #apply(queue: AssignedQueue, answer: RemotingCommand, queueOffset: number): number {
    const action = pullAction(answer.code, this.#options.tuning);
    if (action.kind === 'pause') {
      if (action.needsHeartbeat) this.#options.onSubscriptionUnknown();
      if (answer.code !== ResponseCode.FLOW_CONTROL) {
        this.#log(queue, 'the broker refused a pull', undefined, { responseCode: answer.code, remark: answer.remark });
      }
      return action.pauseMs;
    }
    const header = decodePullMessageResponse(answer);
    queue.preferredBrokerId = header.suggestWhichBrokerId;
    if (action.kind === 'reset') {
      this.#options.onOffsetMoved(queue, header.nextBeginOffset);
      return 0;
    }
    if (action.kind === 'advance') {
      queue.processQueue.put([], header.nextBeginOffset);
      return 0;
    }
    return this.#take(queue, answer.body, { queueOffset, ...header });
  }

  #take(
    queue: AssignedQueue,
    body: Buffer | undefined,
    pulled: {
      readonly queueOffset: number;
      readonly nextBeginOffset: number;
      readonly minOffset: number;
      readonly maxOffset: number;
    },
  ): number {
    const { subscriptions, tuning } = this.#options;
    const { messages, broken } = decodePullBody({
      body,
      queueOffset: pulled.queueOffset,
      tags: subscriptions.tagsOf(queue.queue.topic),
      context: {
        brokerName: queue.queue.brokerName,
        minOffset: String(pulled.minOffset),
        maxOffset: String(pulled.maxOffset),
        bodyBytesMax: tuning.decompressedBodyBytesMax,
      },
    });
    queue.processQueue.put(messages, broken === undefined ? pulled.nextBeginOffset : broken.resumeOffset);
    if (messages.length > 0) {
      this.#count(queue, messages.length);
      this.#options.onMessages(queue);
    }
    if (broken === undefined) return 0;
    // Skipping the record would lose a message without a word: the queue stands still, and says so.
    const offset = broken.resumeOffset;
    this.#options.environment.logger.error('a pulled record cannot be read', { queue: queue.key, offset, error: broken.error });
    return messages.length > 0 ? 0 : tuning.pullRetryMs;
  }

  #count({ consumption, pulledAtMs = 0 }: AssignedQueue, messageCount: number): void {
    const nowMs = this.#options.environment.clock.monotonic();
    this.#options.stats.sampleWhenDue(nowMs);
    consumption.pulls += 1;
    consumption.pullMs += nowMs - pulledAtMs;
    consumption.pulledMessages += messageCount;
  }

  async #pause(queue: AssignedQueue, pauseMs: number): Promise<void> {
    try {
      await sleep(this.#options.environment.timers, pauseMs, queue.pullSignal);
    } catch (error) {
      // The signal ends the pause and nothing else does.
      if (!queue.pullSignal.aborted) throw error;
    }
  }

  #log(queue: AssignedQueue, message: string, error?: unknown, fields: Readonly<Record<string, unknown>> = {}): void {
    const code = isMqError(error) ? error.code : undefined;
    this.#options.environment.logger.warn(message, { queue: queue.key, code, error, ...fields });
  }
}
