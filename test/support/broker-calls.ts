import { isMqError, systemEnvironment } from '@orbitmq/core/kernel';
import {
  createRequest,
  createTopicHeader,
  decodeOffsetMessageId,
  decodeRecords,
  encodeProperties,
  endTransactionHeader,
  type MessageExt,
  pullMessageResponseHeader,
  queueOffsetHeader,
  queueOffsetResponseHeader,
  RequestCode,
  ResponseCode,
  SysFlag,
  sendMessageResponseHeader,
  viewMessageHeader,
} from '@orbitmq/protocol';
import { createRemotingClient, type RemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { pullFields, sendFields } from './request-fields.js';

/** A message that is stored, as its broker's answer says. */
export interface StoredPlace {
  readonly queueOffset: number;
  readonly physicalOffset: number;
  readonly offsetMessageId: string;
}

/** How a send ended: `unknown` when no answer came. */
export type SendOutcome =
  | ({ readonly kind: 'stored' } & StoredPlace)
  | { readonly kind: 'refused'; readonly code: number; readonly remark: string | undefined }
  | { readonly kind: 'unknown'; readonly error: Error };

export interface HalfMessagePlace extends StoredPlace {
  readonly topic: string;
  readonly messageId: string;
  readonly transactionId: string | undefined;
}

export type Decision = 'commit' | 'rollback';

const producerGroup = 'promises';

/** The requests of a client, one by one and without its retries: what a test needs that looks at a broker from outside. */
export class BrokerCalls {
  readonly #client: RemotingClient;
  readonly #address: string;
  readonly #timeoutMs: number;

  private constructor(client: RemotingClient, address: string, timeoutMs: number) {
    this.#client = client;
    this.#address = address;
    this.#timeoutMs = timeoutMs;
  }

  static async connect(address: string, options: { readonly timeoutMs?: number } = {}): Promise<BrokerCalls> {
    const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
    await client.start();
    return new BrokerCalls(client, address, options.timeoutMs ?? 20_000);
  }

  stop(): Promise<void> {
    return this.#client.stop({ deadlineMs: 0 });
  }

  send(topic: string, queueId: number, body: string, properties: Readonly<Record<string, string>> = {}): Promise<SendOutcome> {
    return this.#send(topic, queueId, body, properties, 0);
  }

  /** A half message: it waits for its decision. */
  async sendHalf(topic: string, body: string, messageId: string): Promise<HalfMessagePlace> {
    const properties = { TRAN_MSG: 'true', PGROUP: producerGroup, UNIQ_KEY: messageId };
    const outcome = await this.#send(topic, 0, body, properties, SysFlag.TRANSACTION_PREPARED);
    if (outcome.kind !== 'stored') throw new Error(`the half message was not stored: ${JSON.stringify(outcome)}`);
    return { ...outcome, topic, messageId, transactionId: messageId };
  }

  /** Resolves with the response code. */
  async endTransaction(half: HalfMessagePlace, decision: Decision, fromTransactionCheck = false): Promise<number> {
    const extFields = endTransactionHeader.encode({
      producerGroup,
      tranStateTableOffset: half.queueOffset,
      commitLogOffset: half.physicalOffset,
      commitOrRollback: decision === 'commit' ? SysFlag.TRANSACTION_COMMIT : SysFlag.TRANSACTION_ROLLBACK,
      fromTransactionCheck,
      msgId: half.messageId,
      transactionId: half.transactionId,
      topic: half.topic,
      brokerName: 'broker-a',
    });
    return (await this.#invoke(RequestCode.END_TRANSACTION, extFields)).code;
  }

  /** Of so many queues, to read and to write; NameServers know it when this resolves. */
  async createTopic(topic: string, queueNums: number): Promise<void> {
    const extFields = createTopicHeader.encode({
      topic,
      defaultTopic: 'TBW102',
      readQueueNums: queueNums,
      writeQueueNums: queueNums,
      perm: 6,
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: 0,
      order: false,
      attributes: undefined,
    });
    const { code, remark } = await this.#invoke(RequestCode.UPDATE_AND_CREATE_TOPIC, extFields);
    if (code !== ResponseCode.SUCCESS) throw new Error(`topic ${topic} was not created: ${code} ${remark}`);
  }

  /** Everything a queue shows now, from an offset on. */
  async read(topic: string, queueId: number, from = 0): Promise<readonly MessageExt[]> {
    const messages: MessageExt[] = [];
    let queueOffset = from;
    for (;;) {
      const extFields = pullFields({ consumerGroup: 'readers', topic, queueId, queueOffset });
      const answer = await this.#invoke(RequestCode.PULL_MESSAGE, extFields);
      if (answer.code !== ResponseCode.SUCCESS || answer.body === undefined) return messages;
      messages.push(...decodeRecords(answer.body));
      queueOffset = pullMessageResponseHeader.decodeCommand(answer).nextBeginOffset;
    }
  }

  async maxOffset(topic: string, queueId: number): Promise<number> {
    const answer = await this.#invoke(
      RequestCode.GET_MAX_OFFSET,
      queueOffsetHeader.encode({ topic, queueId, brokerName: undefined }),
    );
    return queueOffsetResponseHeader.decodeCommand(answer).offset;
  }

  /** The response code of a look at one message by its place in the log. */
  async view(place: StoredPlace): Promise<number> {
    const extFields = viewMessageHeader.encode({ offset: place.physicalOffset, topic: undefined });
    return (await this.#invoke(RequestCode.VIEW_MESSAGE_BY_ID, extFields)).code;
  }

  async #send(
    topic: string,
    queueId: number,
    body: string,
    properties: Readonly<Record<string, string>>,
    sysFlag: number,
  ): Promise<SendOutcome> {
    const extFields = sendFields({ producerGroup, topic, queueId, sysFlag, properties: encodeProperties(properties) });
    try {
      const answer = await this.#invoke(RequestCode.SEND_MESSAGE_V2, extFields, Buffer.from(body));
      if (answer.code !== ResponseCode.SUCCESS) return { kind: 'refused', code: answer.code, remark: answer.remark };
      const { msgId, queueOffset } = sendMessageResponseHeader.decodeCommand(answer);
      const { physicalOffset } = decodeOffsetMessageId(msgId);
      return { kind: 'stored', queueOffset, physicalOffset, offsetMessageId: msgId };
    } catch (error) {
      if (!isMqError(error)) throw error;
      return { kind: 'unknown', error };
    }
  }

  #invoke(code: number, extFields: Record<string, string>, body?: Buffer) {
    return this.#client.invoke(this.#address, createRequest(code, { extFields, body }), { timeoutMs: this.#timeoutMs });
  }
}
