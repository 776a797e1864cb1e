import { createInterface } from 'node:readline';
import { Child } from '../support/child.js';
import { waitUntil } from '../support/wait-until.js';
import { type ApacheVersion, apacheClassPath, javaFlags, quickFlags } from './apache/distribution.js';
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

type Fields = Record<string, string>;

const callLimitMs = 60_000;

/**
 * Routes are asked for and queues shared out every second, not every 30 and 20: a topic that comes into being after its consumer,
 * as for retries, is found soon.
 */
export const shortIntervals: readonly string[] = ['-Dinterop.pollMs=1000', '-Drocketmq.client.rebalance.waitInterval=1000'];

/** The official Java client of a version, driven over the line protocol of InteropClient.java. */
export class JavaClient implements InteropClient {
  readonly name: string;
  readonly #child: Child;
  readonly #pending = new Map<string, { resolve(fields: Fields): void; reject(error: Error): void }>();
  readonly #consumers = new Map<string, InteropDelivery[]>();
  readonly #checks = new Map<string, string[]>();
  #isReady = false;
  #lastId = 0;

  private constructor(version: ApacheVersion, namesrvAddr: string, home: string, extraFlags: readonly string[]) {
    this.name = `Java client ${version}`;
    const quick = [...quickFlags, '-Xmx256m', '-Drocketmq.client.logLevel=ERROR'];
    const flags = [...javaFlags, ...quick, `-Duser.home=${home}`, ...extraFlags];
    this.#child = new Child('java', [...flags, '-cp', apacheClassPath(version), 'InteropClient', namesrvAddr]);
    if (this.#child.process.stdout === null) throw new Error('no standard output');
    createInterface({ input: this.#child.process.stdout }).on('line', (line) => this.#onLine(line));
    void this.#child.exited.then((exit) => {
      for (const call of this.#pending.values())
        call.reject(new Error(`the Java client ended (${exit}):\n${this.#child.output}`));
      this.#pending.clear();
    });
  }

  static async start(
    version: ApacheVersion,
    namesrvAddr: string,
    home: string,
    extraFlags: readonly string[] = [],
  ): Promise<JavaClient> {
    const client = new JavaClient(version, namesrvAddr, home, extraFlags);
    await waitUntil('the Java client is ready', callLimitMs, () => {
      if (client.#child.exit !== undefined) throw new Error(client.#child.output);
      return client.#isReady;
    });
    return client;
  }

  #onLine(line: string): void {
    const [kind, name, ...pairs] = line.split(' ');
    if (kind === undefined || name === undefined) return;
    const fields: Fields = {};
    for (const pair of pairs) {
      const at = pair.indexOf('=');
      fields[pair.slice(0, at)] = decodeURIComponent(pair.slice(at + 1).replaceAll('+', ' '));
    }
    if (kind === 'event') {
      this.#onEvent(name, fields);
      return;
    }
    const call = this.#pending.get(name);
    if (call === undefined) return;
    this.#pending.delete(name);
    if (kind === 'ok') call.resolve(fields);
    else call.reject(new Error(`${this.name}: ${fields['class']} ${fields['code'] ?? ''} ${fields['message']}`));
  }

  #onEvent(name: string, fields: Fields): void {
    if (name === 'ready') this.#isReady = true;
    if (name === 'check') this.#checks.get(fields['producer'] ?? '')?.push(fields['body'] ?? '');
    if (name === 'message') {
      this.#consumers.get(fields['consumer'] ?? '')?.push({
        topic: fields['topic'] ?? '',
        body: fields['body'] ?? '',
        tag: fields['tag'] === 'null' ? undefined : fields['tag'],
        keys: fields['keys'] === 'null' ? '' : (fields['keys'] ?? ''),
        queueId: Number(fields['queueId']),
        queueOffset: Number(fields['queueOffset']),
        brokerName: fields['brokerName'] ?? '',
        reconsumeTimes: Number(fields['reconsumeTimes']),
        msgId: fields['msgId'] ?? '',
        at: Number(fields['at']),
      });
    }
  }

  async #call(command: string, fields: Readonly<Record<string, string | undefined>>): Promise<Fields> {
    this.#lastId += 1;
    const id = String(this.#lastId);
    const words = Object.entries(fields).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
    );
    const answer = new Promise<Fields>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    this.#child.process.stdin?.write(`${[id, command, ...words].join(' ')}\n`);
    return answer;
  }

  #send(producer: string, mode: string, message: Omit<InteropMessage, 'body'>, body: Fields): Promise<Fields> {
    const properties = Object.entries(message.properties ?? {}).map(([key, value]) => [`p.${key}`, value] as const);
    return this.#call('send', {
      producer,
      mode,
      topic: message.topic,
      tag: message.tag,
      keys: message.keys,
      shardingKey: message.shardingKey,
      delayLevel: message.delayLevel === undefined ? undefined : String(message.delayLevel),
      ...body,
      ...Object.fromEntries(properties),
    });
  }

  #newName(kind: string): string {
    this.#lastId += 1;
    return `${kind}${this.#lastId}`;
  }

  async startProducer(group: string): Promise<InteropProducer> {
    const name = this.#newName('producer');
    await this.#call('producer', { name, group });
    return {
      send: async (message, mode = 'sync') => receipt(await this.#send(name, mode, message, { body: message.body })),
      sendOneway: async (message) => void (await this.#send(name, 'oneway', message, { body: message.body })),
      sendBatch: async (message, bodies) => void (await this.#send(name, 'batch', message, { bodies: bodies.join(',') })),
      stop: async () => void (await this.#call('stopProducer', { name })),
    };
  }

  async startTransactionProducer(group: string): Promise<InteropTransactionProducer> {
    const name = this.#newName('transaction');
    const checks: string[] = [];
    this.#checks.set(name, checks);
    await this.#call('transactionProducer', { name, group });
    return {
      send: async (message) => receipt(await this.#send(name, 'transaction', message, { body: message.body })),
      checks,
      stop: async () => void (await this.#call('stopProducer', { name })),
    };
  }

  async startConsumer(options: InteropConsumerOptions): Promise<InteropConsumer> {
    const name = this.#newName('consumer');
    const deliveries: InteropDelivery[] = [];
    this.#consumers.set(name, deliveries);
    await this.#call('consumer', {
      name,
      group: options.group,
      topic: options.topic,
      tags: options.tags,
      orderly: options.orderly === true ? 'true' : undefined,
      maxReconsumeTimes: options.maxReconsumeTimes === undefined ? undefined : String(options.maxReconsumeTimes),
    });
    return { deliveries, stop: async () => void (await this.#call('stopConsumer', { name })) };
  }

  /** Ids of the messages with a key, sorted; empty when the broker knows none. */
  async queryMessage(topic: string, key: string): Promise<readonly string[]> {
    const isUnknown = (error: Error): boolean => / 22 | 208 |no message|not found|finished/i.test(error.message);
    const fields = await this.#call('queryMessage', { topic, key }).catch((error: Error) => {
      if (isUnknown(error)) return { ids: '' };
      throw error;
    });
    return (fields['ids'] ?? '')
      .split(',')
      .filter((id) => id !== '')
      .toSorted();
  }

  /** One message by its unique id or by its offset id. */
  async viewMessage(
    topic: string,
    id: string,
  ): Promise<{ readonly msgId: string; readonly body: string; readonly keys: string }> {
    const { body = '', keys = '', msgId = '' } = await this.#call('viewMessage', { topic, id });
    return { body, keys, msgId };
  }

  async stop(): Promise<void> {
    this.#child.process.stdin?.end();
    await this.#child.kill('SIGKILL');
  }
}

function receipt(fields: Fields): InteropReceipt {
  if (fields['status'] !== 'SEND_OK') throw new Error(`the send was answered ${fields['status']}`);
  return {
    msgId: fields['msgId'] ?? '',
    offsetMsgId: fields['offsetMsgId'] ?? '',
    queueId: Number(fields['queueId']),
    queueOffset: Number(fields['queueOffset']),
  };
}
