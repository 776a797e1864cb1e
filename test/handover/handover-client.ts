import { randomBytes } from 'node:crypto';
import { systemEnvironment } from '@orbitmq/core/kernel';
import {
  type BatchMessage,
  checkTransactionStateHeader,
  consumerSendMessageBackHeader,
  createRequest,
  createTopicHeader,
  decodeOffsetMessageId,
  decodeProperties,
  decodeRecords,
  encodeBatch,
  encodeHeartbeat,
  encodeProperties,
  endTransactionHeader,
  type MessageExt,
  pullMessageResponseHeader,
  queryConsumerOffsetHeader,
  queryConsumerOffsetResponseHeader,
  queueOffsetHeader,
  queueOffsetResponseHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  SysFlag,
  sendMessageResponseHeader,
  updateConsumerOffsetHeader,
} from '@orbitmq/protocol';
import { createRemotingClient, type RemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { pullFields, sendFields } from '../support/request-fields.js';

/** Where a message is stored, as its broker's answer says. */
export interface Stored {
  readonly queueOffset: number;
  readonly physicalOffset: number;
}

interface MessageToSend {
  readonly topic: string;
  readonly queueId?: number;
  readonly body: string | Buffer;
  readonly properties?: Readonly<Record<string, string>>;
  readonly sysFlag?: number;
}

type Answer = 'commit' | 'rollback' | 'none';

const callLimitMs = 90_000;
/** Java: RequestCode.DELETE_TOPIC_IN_BROKER. */
const deleteTopicInBroker = 215;
const producerGroup = 'handover-producers';

/**
 * One client of whichever broker has the directory: the plain requests, without the retries of a real client, so that what is
 * seen is what the broker did.
 */
export class HandoverClient {
  readonly #client: RemotingClient;
  readonly #address: string;
  /** Bodies of half messages that the broker asked about. */
  readonly checks: string[] = [];

  private constructor(client: RemotingClient, address: string) {
    this.#client = client;
    this.#address = address;
  }

  /** `answer` decides on the half messages that the broker asks about. */
  static async connect(address: string, answer: (body: string) => Answer = () => 'none'): Promise<HandoverClient> {
    const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
    const self = new HandoverClient(client, address);
    client.registerHandler(RequestCode.CHECK_TRANSACTION_STATE, (request) => self.#onCheck(request, answer));
    await client.start();
    return self;
  }

  stop(): Promise<void> {
    return this.#client.stop({ deadlineMs: 0 });
  }

  async send(message: MessageToSend): Promise<Stored> {
    return this.#stored(await this.#invoke(RequestCode.SEND_MESSAGE_V2, this.#sendFields(message, false), bytesOf(message.body)));
  }

  /** One request with several messages; returns the offset of the first. */
  async sendBatch(topic: string, queueId: number, bodies: readonly string[], tag: string): Promise<Stored> {
    const messages = bodies.map((body): BatchMessage => {
      return { flag: 0, body: Buffer.from(body), properties: encodeProperties({ TAGS: tag, UNIQ_KEY: uniqueKey() }) };
    });
    const fields = this.#sendFields({ topic, queueId, body: '' }, true);
    const answer = await this.#invoke(RequestCode.SEND_BATCH_MESSAGE, fields, encodeBatch(messages));
    // Apache answers with the offsets of all of them, joined by commas.
    const { msgId, queueOffset } = sendMessageResponseHeader.decodeCommand(answer);
    return { queueOffset, physicalOffset: decodeOffsetMessageId(msgId.split(',')[0] ?? '').physicalOffset };
  }

  sendHalf(topic: string, queueId: number, body: string): Promise<Stored> {
    const properties = { TRAN_MSG: 'true', PGROUP: producerGroup, UNIQ_KEY: uniqueKey(), BODY: body };
    return this.send({ topic, queueId, body, properties, sysFlag: SysFlag.TRANSACTION_PREPARED });
  }

  async endTransaction(half: Stored, answer: Answer, messageId: string, isCheck: boolean): Promise<void> {
    const fields = endTransactionHeader.encode({
      producerGroup,
      tranStateTableOffset: half.queueOffset,
      commitLogOffset: half.physicalOffset,
      commitOrRollback: answer === 'commit' ? SysFlag.TRANSACTION_COMMIT : SysFlag.TRANSACTION_ROLLBACK,
      fromTransactionCheck: isCheck,
      msgId: messageId,
      transactionId: messageId,
      topic: undefined,
      brokerName: 'broker-a',
    });
    await this.#invoke(RequestCode.END_TRANSACTION, fields);
  }

  /** Makes this connection one of the producer group: the broker may ask it about half messages. */
  async heartbeat(): Promise<void> {
    const body = encodeHeartbeat({
      clientId: 'handover@1',
      producerGroups: [producerGroup],
      consumers: [],
      heartbeatFingerprint: 0,
      withoutSub: false,
    });
    await this.#invoke(RequestCode.HEART_BEAT, {}, body);
  }

  /** Everything a queue shows now, from an offset on. */
  async messages(topic: string, queueId: number, from = 0): Promise<readonly MessageExt[]> {
    const messages: MessageExt[] = [];
    for (let queueOffset = from; ; ) {
      const fields = pullFields({ consumerGroup: 'handover-readers', topic, queueId, queueOffset });
      const answer = await this.#call(RequestCode.PULL_MESSAGE, fields);
      // 4.9 makes the topics of transactions with the first half message.
      if (answer.code === ResponseCode.TOPIC_NOT_EXIST) return messages;
      if (answer.code === ResponseCode.SUCCESS && answer.body !== undefined) messages.push(...decodeRecords(answer.body));
      const { nextBeginOffset } = pullMessageResponseHeader.decodeCommand(answer);
      if (nextBeginOffset <= queueOffset) return messages;
      queueOffset = nextBeginOffset;
    }
  }

  minOffset(topic: string, queueId: number): Promise<number> {
    return this.#queueOffset(RequestCode.GET_MIN_OFFSET, topic, queueId);
  }

  maxOffset(topic: string, queueId: number): Promise<number> {
    return this.#queueOffset(RequestCode.GET_MAX_OFFSET, topic, queueId);
  }

  async commitOffset(consumerGroup: string, topic: string, queueId: number, commitOffset: number): Promise<void> {
    const fields = { consumerGroup, topic, queueId, commitOffset, brokerName: 'broker-a' };
    await this.#invoke(RequestCode.UPDATE_CONSUMER_OFFSET, updateConsumerOffsetHeader.encode(fields));
  }

  async committedOffset(consumerGroup: string, topic: string, queueId: number): Promise<number> {
    const fields = { consumerGroup, topic, queueId, setZeroIfNotFound: false, brokerName: 'broker-a' };
    const answer = await this.#invoke(RequestCode.QUERY_CONSUMER_OFFSET, queryConsumerOffsetHeader.encode(fields));
    return queryConsumerOffsetResponseHeader.decodeCommand(answer).offset;
  }

  /** A message that was consumed in vain: again after the level's delay; -1: to the dead letters. */
  async sendBack(group: string, message: MessageExt, delayLevel: number): Promise<void> {
    const fields = consumerSendMessageBackHeader.encode({
      offset: message.physicalOffset,
      group,
      delayLevel,
      originMsgId: decodeProperties(message.propertiesBytes)['UNIQ_KEY'],
      originTopic: message.topic,
      unitMode: false,
      maxReconsumeTimes: 16,
      brokerName: 'broker-a',
    });
    await this.#invoke(RequestCode.CONSUMER_SEND_MSG_BACK, fields);
  }

  async createTopic(topic: string, queueNums: number, perm: number, attributes?: string): Promise<void> {
    const fields = createTopicHeader.encode({
      topic,
      defaultTopic: 'TBW102',
      readQueueNums: queueNums,
      writeQueueNums: queueNums,
      perm,
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: 0,
      order: false,
      attributes,
    });
    await this.#invoke(RequestCode.UPDATE_AND_CREATE_TOPIC, fields);
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.#invoke(deleteTopicInBroker, { topic });
  }

  async createGroup(group: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#invoke(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, Buffer.from(JSON.stringify(group)));
  }

  async #onCheck(request: RemotingCommand, answer: (body: string) => Answer): Promise<undefined> {
    const { tranStateTableOffset, commitLogOffset, msgId } = checkTransactionStateHeader.decodeCommand(request);
    const [half] = decodeRecords(request.body ?? Buffer.alloc(0));
    if (half === undefined) return;
    const body = half.body.toString();
    this.checks.push(body);
    const decision = answer(body);
    if (decision === 'none') return;
    const place = { queueOffset: tranStateTableOffset, physicalOffset: commitLogOffset };
    await this.endTransaction(place, decision, msgId ?? '', true);
  }

  async #queueOffset(code: number, topic: string, queueId: number): Promise<number> {
    const answer = await this.#invoke(code, queueOffsetHeader.encode({ topic, queueId, brokerName: 'broker-a' }));
    return queueOffsetResponseHeader.decodeCommand(answer).offset;
  }

  #sendFields(message: MessageToSend, batch: boolean): Record<string, string> {
    const { queueId = 0, sysFlag = 0, topic } = message;
    const properties = encodeProperties({ UNIQ_KEY: uniqueKey(), ...message.properties });
    return sendFields({ producerGroup, topic, queueId, sysFlag, properties, batch });
  }

  #stored(answer: RemotingCommand): Stored {
    const { msgId, queueOffset } = sendMessageResponseHeader.decodeCommand(answer);
    return { queueOffset, physicalOffset: decodeOffsetMessageId(msgId).physicalOffset };
  }

  async #invoke(code: number, extFields: Record<string, string>, body?: Buffer): Promise<RemotingCommand> {
    const answer = await this.#call(code, extFields, body);
    if (answer.code !== ResponseCode.SUCCESS) throw new Error(`request ${code}: ${answer.code} ${answer.remark ?? ''}`);
    return answer;
  }

  #call(code: number, extFields: Record<string, string>, body?: Buffer): Promise<RemotingCommand> {
    return this.#client.invoke(this.#address, createRequest(code, { extFields, body }), { timeoutMs: callLimitMs });
  }
}

function bytesOf(body: string | Buffer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

function uniqueKey(): string {
  return randomBytes(16).toString('hex').toUpperCase();
}
