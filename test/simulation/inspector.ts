/** An administrator's client: makes topics, reads queues from end to end, and committed offsets. */
import {
  createRequest,
  createTopicHeader,
  decodeRecords,
  type MessageExt,
  Permission,
  pullMessageResponseHeader,
  queryConsumerOffsetHeader,
  queryConsumerOffsetResponseHeader,
  queueOffsetHeader,
  queueOffsetResponseHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  SystemTopic,
} from '@orbitmq/protocol';
import { createRemotingClient, type RemotingClient } from '@orbitmq/remoting';
import { pullFields } from '../support/request-fields.js';
import type { SimulatedProcess } from './simulated-process.js';

const timeoutMs = 10_000;
const emptyQueuesMax = 16;

export interface QueueContent {
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly messages: readonly MessageExt[];
}

export class Inspector {
  readonly #client: RemotingClient;

  constructor({ environment, network }: Pick<SimulatedProcess, 'environment' | 'network'>) {
    this.#client = createRemotingClient({ environment, dialer: network });
  }

  start(): Promise<void> {
    return this.#client.start();
  }

  stop(): Promise<void> {
    return this.#client.stop();
  }

  /** Makes a topic, or changes it. */
  async createTopic(address: string, topic: string, queueNums: number): Promise<void> {
    const extFields = createTopicHeader.encode({
      topic,
      defaultTopic: SystemTopic.AUTO_CREATE_TOPIC_KEY,
      readQueueNums: queueNums,
      writeQueueNums: queueNums,
      perm: Permission.READ | Permission.WRITE,
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: undefined,
      order: false,
      attributes: undefined,
    });
    const answer = await this.#invoke(address, RequestCode.UPDATE_AND_CREATE_TOPIC, extFields);
    if (answer.code !== ResponseCode.SUCCESS)
      throw new Error(`${address} makes no topic ${topic}: ${answer.remark ?? answer.code}`);
  }

  /** Every message of the queue that can be read now. */
  async readQueue(address: string, topic: string, queueId: number): Promise<QueueContent> {
    const minOffset = await this.#offset(address, RequestCode.GET_MIN_OFFSET, topic, queueId);
    const maxOffset = await this.#offset(address, RequestCode.GET_MAX_OFFSET, topic, queueId);
    const messages: MessageExt[] = [];
    for (let offset = minOffset; offset < maxOffset; ) {
      const extFields = pullFields({ consumerGroup: 'inspector', topic, queueId, queueOffset: offset });
      const answer = await this.#invoke(address, RequestCode.PULL_MESSAGE, extFields);
      if (answer.code !== ResponseCode.SUCCESS) {
        throw new Error(
          `${topic}@${queueId} at ${address}: pull at ${offset} of ${maxOffset} answers ${answer.code} ${answer.remark ?? ''}`,
        );
      }
      messages.push(...decodeRecords(answer.body ?? Buffer.alloc(0)));
      const { nextBeginOffset } = pullMessageResponseHeader.decodeCommand(answer);
      if (nextBeginOffset <= offset) throw new Error(`${topic}@${queueId} at ${address}: no way past ${offset}`);
      offset = nextBeginOffset;
    }
    return { minOffset, maxOffset, messages };
  }

  /** Queues of a topic until the first ones that hold nothing: how many there are is the broker's business. */
  async maxOffsets(address: string, topic: string): Promise<readonly number[]> {
    const offsets: number[] = [];
    for (let queueId = 0; queueId < emptyQueuesMax; queueId += 1) {
      offsets.push(await this.#offset(address, RequestCode.GET_MAX_OFFSET, topic, queueId));
    }
    return offsets;
  }

  /** Undefined: the group has committed nothing there. */
  async committed(address: string, group: string, topic: string, queueId: number): Promise<number | undefined> {
    const extFields = queryConsumerOffsetHeader.encode({
      consumerGroup: group,
      topic,
      queueId,
      setZeroIfNotFound: false,
      brokerName: undefined,
    });
    const answer = await this.#invoke(address, RequestCode.QUERY_CONSUMER_OFFSET, extFields);
    return answer.code === ResponseCode.SUCCESS ? queryConsumerOffsetResponseHeader.decodeCommand(answer).offset : undefined;
  }

  async #offset(address: string, code: number, topic: string, queueId: number): Promise<number> {
    const answer = await this.#invoke(address, code, queueOffsetHeader.encode({ topic, queueId, brokerName: undefined }));
    if (answer.code !== ResponseCode.SUCCESS) throw new Error(`${address} refuses ${code}: ${answer.remark ?? answer.code}`);
    return queueOffsetResponseHeader.decodeCommand(answer).offset;
  }

  #invoke(
    address: string,
    code: number,
    extFields: NonNullable<Parameters<typeof createRequest>[1]>['extFields'],
  ): Promise<RemotingCommand> {
    return this.#client.invoke(address, createRequest(code, extFields === undefined ? {} : { extFields }), { timeoutMs });
  }
}
