/** What a test asks of a RocketMQ client, whoever wrote it; the same scenario runs with the official Java clients and with ours. */
export interface InteropClient {
  readonly name: string;
  startProducer(group: string): Promise<InteropProducer>;
  /** Its messages' property `local` is the outcome of the local transaction, `check` the answer to the broker's question. */
  startTransactionProducer(group: string): Promise<InteropTransactionProducer>;
  startConsumer(options: InteropConsumerOptions): Promise<InteropConsumer>;
  stop(): Promise<void>;
}

export interface InteropConsumerOptions {
  readonly group: string;
  readonly topic: string;
  readonly tags?: string;
  readonly orderly?: boolean;
  readonly maxReconsumeTimes?: number;
}

export interface InteropMessage {
  readonly topic: string;
  readonly body: string;
  readonly tag?: string;
  readonly keys?: string;
  readonly shardingKey?: string;
  readonly delayLevel?: number;
  /** User properties; `fail=n` makes a consumer fail the first n deliveries. */
  readonly properties?: Readonly<Record<string, string>>;
}

export interface InteropReceipt {
  readonly msgId: string;
  readonly offsetMsgId: string;
  readonly queueId: number;
  readonly queueOffset: number;
}

export interface InteropProducer {
  send(message: InteropMessage, mode?: 'sync' | 'async'): Promise<InteropReceipt>;
  sendOneway(message: InteropMessage): Promise<void>;
  sendBatch(message: Omit<InteropMessage, 'body'>, bodies: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface InteropTransactionProducer {
  send(message: InteropMessage): Promise<InteropReceipt>;
  /** Bodies the broker asked about, in order. */
  readonly checks: readonly string[];
  stop(): Promise<void>;
}

export interface InteropDelivery {
  readonly topic: string;
  readonly body: string;
  readonly tag: string | undefined;
  readonly keys: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly brokerName: string;
  readonly reconsumeTimes: number;
  readonly msgId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface InteropConsumer {
  /** Every delivery so far, failed ones included, in the order in which handlers began. */
  readonly deliveries: readonly InteropDelivery[];
  stop(): Promise<void>;
}
