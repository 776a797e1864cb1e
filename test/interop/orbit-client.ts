import {
  type ConsumeContext,
  consume,
  createMqApp,
  defineTopic,
  type FunctionalProducer,
  type MessageView,
  type MqApp,
  type MqAppOptions,
  producer,
  type TransactionResolution,
  textCodec,
} from 'orbitmq';
import type {
  InteropClient,
  InteropConsumer,
  InteropConsumerOptions,
  InteropDelivery,
  InteropMessage,
  InteropProducer,
  InteropReceipt,
  InteropTransactionProducer,
} from './interop-client.js';

type Outcome = (message: MessageView<string>) => TransactionResolution;

const topicOf = (name: string) => defineTopic<string>(name, { codec: textCodec });

/** One application per topic of a group, made at the first send to it: a producer class belongs to one topic. */
class ProducersByTopic {
  readonly #started = new Map<string, Promise<{ readonly app: MqApp; readonly producer: FunctionalProducer<string> }>>();
  readonly #make: (topic: string) => FunctionalProducer<string>;
  readonly #options: MqAppOptions;

  constructor(options: MqAppOptions, make: (topic: string) => FunctionalProducer<string>) {
    this.#options = options;
    this.#make = make;
  }

  async of(topic: string): Promise<FunctionalProducer<string>> {
    let starting = this.#started.get(topic);
    if (starting === undefined) {
      starting = this.#start(topic);
      this.#started.set(topic, starting);
    }
    return (await starting).producer;
  }

  async #start(topic: string) {
    const made = this.#make(topic);
    const app = await createMqApp({ ...this.#options, providers: [made] });
    await app.start();
    return { app, producer: made };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#started.values()].map(async (starting) => (await starting).app.stop()));
  }
}

/** Our client as an application uses it: the public API over `rocketmq://`. */
export class OrbitClient implements InteropClient {
  readonly name = 'OrbitMQ client';
  readonly #options: MqAppOptions;
  readonly #apps: MqApp[] = [];

  constructor(namesrvAddr: string, rocketmq?: MqAppOptions['rocketmq']) {
    this.#options = { url: `rocketmq://${namesrvAddr}`, rocketmq };
  }

  async startProducer(group: string): Promise<InteropProducer> {
    const producers = new ProducersByTopic(this.#options, (topic) => producer(topicOf(topic), { group }));
    return {
      send: async (message) => receiptOf(await (await producers.of(message.topic)).send(message.body, optionsOf(message))),
      sendOneway: async (message) => (await producers.of(message.topic)).sendOneway(message.body, optionsOf(message)),
      sendBatch: async (message, bodies) => {
        const { tag, keys, properties } = optionsOf(message);
        await (await producers.of(message.topic)).sendAll(bodies, { describe: () => ({ tag, keys, properties }) });
      },
      stop: () => producers.stop(),
    };
  }

  async startTransactionProducer(group: string): Promise<InteropTransactionProducer> {
    const checks: string[] = [];
    const outcome =
      (property: string): Outcome =>
      (message) =>
        message.properties[property] as TransactionResolution;
    const producers = new ProducersByTopic(this.#options, (topic) =>
      producer(topicOf(topic), {
        group,
        transaction: {
          execute: async (message) => outcome('local')(message),
          check: async (message) => {
            checks.push(message.body);
            return outcome('check')(message);
          },
        },
      }),
    );
    return {
      send: async (message) => {
        const sender = await producers.of(message.topic);
        return receiptOf(await sender.sendInTransaction(message.body, undefined, optionsOf(message)));
      },
      checks,
      stop: () => producers.stop(),
    };
  }

  async startConsumer(options: InteropConsumerOptions): Promise<InteropConsumer> {
    const deliveries: InteropDelivery[] = [];
    const handle = async (message: MessageView<string>, context: ConsumeContext): Promise<void> => {
      deliveries.push(deliveryOf(message));
      const { fail } = message.properties;
      if (fail === undefined || message.reconsumeTimes >= Number(fail)) return;
      if (options.orderly !== true) context.retryLater('1s');
      else throw new Error('asked to fail');
    };
    const { group, tags, orderly, maxReconsumeTimes } = options;
    const settings = { group, tags, orderly, maxReconsumeTimes, consumeFrom: 'first' as const };
    const app = await createMqApp({ ...this.#options, providers: [consume(topicOf(options.topic), settings, handle)] });
    await app.start();
    this.#apps.push(app);
    return { deliveries, stop: () => app.stop() };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.stop()));
  }
}

function optionsOf(message: Omit<InteropMessage, 'body'>) {
  const { tag, shardingKey, properties } = message;
  const keys = message.keys === undefined ? undefined : message.keys.split(' ');
  const delay = message.delayLevel === undefined ? undefined : { level: message.delayLevel };
  return { tag, keys, shardingKey, properties, delay };
}

function receiptOf(receipt: {
  messageId: string;
  offsetMessageId?: string | undefined;
  queueId: number;
  queueOffset: number;
}): InteropReceipt {
  return {
    msgId: receipt.messageId,
    offsetMsgId: receipt.offsetMessageId ?? '',
    queueId: receipt.queueId,
    queueOffset: receipt.queueOffset,
  };
}

function deliveryOf(message: MessageView<string>): InteropDelivery {
  return {
    topic: message.topic,
    body: message.body,
    tag: message.tag,
    keys: message.keys.join(' '),
    queueId: message.queueId,
    queueOffset: message.queueOffset,
    brokerName: message.brokerName ?? '',
    reconsumeTimes: message.reconsumeTimes,
    msgId: message.messageId,
    at: Date.now(),
  };
}
