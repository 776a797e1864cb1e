/**
 * A reset as 4.9 and 5.0 carry it out (Java: Broker2Client.resetOffset; page 32 §5): every member of the group is told the
 * offsets (220, one-way), moves its queues and commits. Nobody online: 206, and the tool goes another way.
 */
import {
  createRequest,
  encodeResetOffsetBody,
  encodeResetOffsetList,
  languageName,
  type MessageQueue,
  type QueueOffsets,
  RequestCode,
  type ResetOffsetHeader,
  ResponseCode,
  resetClientOffsetHeader,
} from '@orbitmq/protocol';
import type { ConsumerManager } from '../../../client/consumer-manager.js';
import type { BrokerConfig } from '../../../config/broker-config.js';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';
import { clientResetOffset, isToTheEnd } from '../../../offset/reset-rules.js';
import type { MessageStore } from '../../../store/message-store.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import type { ResetMode, ResetOutcome } from './reset.js';

export interface ResetAtClientsOptions {
  readonly config: Pick<BrokerConfig, 'brokerName'>;
  readonly store: Pick<MessageStore, 'maxOffset' | 'offsetByTime'>;
  readonly topics: Pick<TopicConfigManager, 'get'>;
  readonly offsets: Pick<ConsumerOffsetManager, 'query'>;
  readonly consumers: Pick<ConsumerManager, 'members'>;
}

export class ResetAtClients implements ResetMode {
  readonly #options: ResetAtClientsOptions;

  constructor(options: ResetAtClientsOptions) {
    this.#options = options;
  }

  async reset({ topic, group, timestamp, isForce = false }: ResetOffsetHeader): Promise<ResetOutcome> {
    const config = this.#options.topics.get(topic);
    if (config === undefined) {
      const remark = `[reset-offset] reset offset failed, no topic in this broker. topic=${topic}`;
      return { kind: 'refused', code: ResponseCode.TOPIC_NOT_EXIST, remark };
    }
    const offsets: (readonly [MessageQueue, number])[] = [];
    for (let queueId = 0; queueId < config.writeQueueNums; queueId++) {
      const committed = this.#options.offsets.query(group, topic, queueId);
      if (committed < 0) {
        return { kind: 'refused', code: ResponseCode.SYSTEM_ERROR, remark: `THe consumer group <${group}> not exist` };
      }
      const wanted = await this.#offsetAt(topic, queueId, timestamp);
      const queue = { topic, brokerName: this.#options.config.brokerName, queueId };
      offsets.push([queue, clientResetOffset(wanted, committed, isForce)]);
    }
    return this.#tell({ topic, group, timestamp, isForce }, offsets);
  }

  async #offsetAt(topic: string, queueId: number, timestamp: number): Promise<number> {
    const { store } = this.#options;
    return isToTheEnd(timestamp) ? store.maxOffset(topic, queueId) : store.offsetByTime(topic, queueId, timestamp);
  }

  #tell(
    header: { readonly topic: string; readonly group: string; readonly timestamp: number; readonly isForce: boolean },
    offsets: QueueOffsets,
  ): ResetOutcome {
    const members = this.#options.consumers.members(header.group);
    if (members.length === 0) {
      const remark = `Consumer not online, so can not reset offset. Group: ${header.group} Topic: ${header.topic} Timestamp: ${header.timestamp}`;
      return { kind: 'refused', code: ResponseCode.CONSUMER_NOT_ONLINE, remark };
    }
    const extFields = resetClientOffsetHeader.encode(header);
    // Each may have megabytes: one for all members that read it.
    let table: Buffer | undefined;
    let list: Buffer | undefined;
    for (const { connection, language } of members) {
      let body: Buffer;
      if (languageName(language) === 'CPP') body = list ??= encodeResetOffsetList(offsets);
      else body = table ??= encodeResetOffsetBody(offsets);
      connection.notify(createRequest(RequestCode.RESET_CONSUMER_CLIENT_OFFSET, { extFields, body }, true));
    }
    return { kind: 'reset', offsets };
  }
}
