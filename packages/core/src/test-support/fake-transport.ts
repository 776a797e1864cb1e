import type { TransportFeatures } from '../transport/features.js';
import type { IncomingMessage, OutgoingMessage, SendOptions, SendReceipt, TransactionResolution } from '../transport/messages.js';
import type {
  ConsumerDefinition,
  Deliver,
  DeliveryOutcome,
  ProducerDefinition,
  TransactionalProducer,
  Transport,
  TransportConsumer,
} from '../transport/transport.js';

export const allFeatures: TransportFeatures = {
  durability: 'memory',
  batch: true,
  oneway: true,
  transactions: true,
  orderly: true,
  delayLevels: true,
  timedDelivery: 'honored',
  recall: true,
  tagFilter: true,
  retry: true,
  idempotencyKey: 'honored',
};

export interface Sent {
  readonly kind: 'send' | 'oneway' | 'batch' | 'half';
  readonly group: string;
  readonly message: OutgoingMessage;
  readonly options: SendOptions | undefined;
}

/** Keeps what is sent; a test hands messages to consumers by itself. */
export class FakeTransport implements Transport {
  readonly name = 'fake';
  readonly features: TransportFeatures;
  readonly sent: Sent[] = [];
  readonly producers: ProducerDefinition[] = [];
  readonly consumers = new Map<string, { readonly definition: ConsumerDefinition; readonly deliver: Deliver }>();
  readonly resolutions: { readonly resolution: TransactionResolution; readonly remark: string | undefined }[] = [];
  readonly calls: string[] = [];
  startError: Error | undefined;
  stopError: Error | undefined;
  /** The start takes this long. */
  starting: Promise<void> | undefined;

  constructor(features: Partial<TransportFeatures> = {}) {
    this.features = { ...allFeatures, ...features };
  }

  createProducer(definition: ProducerDefinition): TransactionalProducer {
    this.producers.push(definition);
    const keep = (kind: Sent['kind'], message: OutgoingMessage, options: SendOptions | undefined): SendReceipt => {
      this.sent.push({ kind, group: definition.group, message, options });
      return { messageId: `id-${this.sent.length}`, queueId: 0, queueOffset: this.sent.length - 1 };
    };
    const producer = {
      send: async (message: OutgoingMessage, options?: SendOptions) => keep('send', message, options),
      sendOneway: async (message: OutgoingMessage, options?: SendOptions) => void keep('oneway', message, options),
      sendBatch: async (messages: readonly OutgoingMessage[], options?: SendOptions) =>
        messages.map((message) => keep('batch', message, options)),
      sendHalf: async (message: OutgoingMessage, options?: SendOptions) => ({
        receipt: keep('half', message, options),
        resolve: async (resolution: TransactionResolution, remark?: string) => void this.resolutions.push({ resolution, remark }),
      }),
    };
    return producer;
  }

  createConsumer(definition: ConsumerDefinition, deliver: Deliver): TransportConsumer {
    this.consumers.set(definition.group, { definition, deliver });
    return { assignment: [] };
  }

  async start(): Promise<void> {
    this.calls.push('start');
    await this.starting;
    if (this.startError !== undefined) throw this.startError;
  }

  async stop(options?: { readonly deadlineMs?: number }): Promise<void> {
    this.calls.push(`stop ${options?.deadlineMs}`);
    if (this.stopError !== undefined) throw this.stopError;
  }

  /** One call of a group's handler. */
  deliver(group: string, messages: readonly IncomingMessage[], signal = new AbortController().signal): Promise<DeliveryOutcome> {
    const consumer = this.consumers.get(group);
    if (consumer === undefined) throw new Error(`no consumer of group ${group}`);
    return consumer.deliver(messages, { group, signal });
  }
}

export function incoming(topic: string, body: unknown, more: Partial<IncomingMessage> = {}): IncomingMessage {
  return {
    messageId: 'id',
    topic,
    body: body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body)),
    keys: [],
    properties: {},
    queueId: 3,
    queueOffset: 7,
    bornTimestamp: 1,
    storeTimestamp: 2,
    reconsumeTimes: 0,
    ...more,
  };
}
