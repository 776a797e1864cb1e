/**
 * A pulled message in front of a handler (Java: MessageExt after PullAPIWrapper#processPullResult). It keeps the stored
 * record and works out ids, properties and body when they are asked for: what waits for its turn is small.
 * The body is a view of the received frame, or the result of decompression, which `bodyBytesMax` bounds.
 */
import type { IncomingMessage } from '@orbitmq/core';
import {
  decodeProperties,
  decompressBody,
  encodeHost,
  encodeOffsetMessageId,
  type MessageExt,
  PropertyName,
  RecordView,
  retryTopicPrefix,
  SysFlag,
} from '@orbitmq/protocol';

/** What all messages of one pull answer have in common. */
export interface PullContext {
  readonly brokerName: string;
  /** The ends of the queue then, as the properties MIN_OFFSET and MAX_OFFSET tell them. */
  readonly minOffset: string;
  readonly maxOffset: string;
  readonly bodyBytesMax: number;
}

const noKeys: readonly string[] = [];

export class ReceivedMessage implements IncomingMessage {
  readonly record: MessageExt;
  /** Place in the process queue; only that one reads and writes it. */
  position = -1;
  readonly #context: PullContext;
  #localReconsumes = 0;
  #topic: string | undefined;
  #body: Uint8Array | undefined;
  #properties: Readonly<Record<string, string>> | undefined;

  constructor(record: MessageExt, context: PullContext) {
    this.record = record;
    this.#context = context;
  }

  get messageId(): string {
    return this.properties[PropertyName.UNIQ_KEY] ?? this.offsetMessageId;
  }

  get offsetMessageId(): string {
    if (this.record instanceof RecordView) return this.record.offsetMessageId;
    return encodeOffsetMessageId(encodeHost(this.record.storeHost), this.record.physicalOffset);
  }

  get topic(): string {
    this.#topic ??= this.#originalTopic();
    return this.#topic;
  }

  /** Throws a `ProtocolError` (`BODY_INVALID`, `COMPRESSION_UNSUPPORTED`) when a compressed body cannot be read. */
  get body(): Uint8Array {
    this.#body ??=
      (this.record.sysFlag & SysFlag.COMPRESSED) === 0
        ? this.record.body
        : decompressBody(this.record.body, this.record.sysFlag, this.#context.bodyBytesMax);
    return this.#body;
  }

  get tag(): string | undefined {
    return this.properties[PropertyName.TAGS];
  }

  get keys(): readonly string[] {
    const keys = this.properties[PropertyName.KEYS];
    return keys === undefined ? noKeys : keys.split(' ').filter((key) => key !== '');
  }

  get properties(): Readonly<Record<string, string>> {
    if (this.#properties === undefined) {
      const { record } = this;
      const properties = record instanceof RecordView ? record.decodeProperties() : decodeProperties(record.propertiesBytes);
      properties[PropertyName.MIN_OFFSET] = this.#context.minOffset;
      properties[PropertyName.MAX_OFFSET] = this.#context.maxOffset;
      this.#properties = properties;
    }
    return this.#properties;
  }

  get queueId(): number {
    return this.record.queueId;
  }

  get queueOffset(): number {
    return this.record.queueOffset;
  }

  get brokerName(): string {
    return this.#context.brokerName;
  }

  get bornTimestamp(): number {
    return this.record.bornTimestamp;
  }

  get storeTimestamp(): number {
    return this.record.storeTimestamp;
  }

  /** The broker's count plus the tries in this process that the broker does not know of. */
  get reconsumeTimes(): number {
    return this.record.reconsumeTimes + this.#localReconsumes;
  }

  /** One more try in this process. */
  countLocalReconsume(): void {
    this.#localReconsumes += 1;
  }

  #originalTopic(): string {
    if (!this.record.topic.startsWith(retryTopicPrefix)) return this.record.topic;
    return this.properties[PropertyName.RETRY_TOPIC] ?? this.record.topic;
  }
}
