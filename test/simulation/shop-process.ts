/** A process that sends: orders with tags, ledger entries in order per key, delayed reminders, payments in transactions. */
import {
  type BatchOptions,
  type DelayDuration,
  type FunctionalProducer,
  type MessageOptions,
  MqRuntime,
  producer,
  providedComponents,
  type SendReceipt,
  type Transport,
} from '@orbitmq/core';
import { type Environment, isMqError, sleep, TransportError } from '@orbitmq/core/kernel';
import type { SeededRandom } from '@orbitmq/testing';
import type { Flow, History, Parcel, Plan, SendOutcome, Sent } from './history.js';
import type { SimulatedProcess } from './simulated-process.js';
import { topics } from './topics.js';
import type { Trace } from './trace.js';

/** What a client runs in: a simulated process, or the real one. */
export interface ClientProcess {
  readonly name: string;
  readonly environment: Environment;
}

export interface ShopOptions<Process extends ClientProcess = SimulatedProcess> {
  readonly process: Process;
  readonly transport: Transport;
  readonly random: SeededRandom;
  readonly history: History;
  readonly trace: Trace;
  /** Mean pause between two sends of one flow, milliseconds. */
  readonly pauseMs: number;
  /** The same for the entries of one key. Default: three times as long. */
  readonly entryPauseMs?: number | undefined;
  /** What reminders wait for, with the milliseconds it stands for. Default: 1s, 5s, 10s, 30s. */
  readonly delays?: readonly (readonly [DelayDuration, number])[] | undefined;
}

const tags = ['placed', 'paid', 'cancelled'] as const;
const delaysDefault: readonly (readonly [DelayDuration, number])[] = [
  ['1s', 1000],
  ['5s', 5000],
  ['10s', 10_000],
  ['30s', 30_000],
];
const keyCount = 3;
const textLengthMax = 6000;
const calm: Plan = { failures: 0, execute: 'commit', check: 'commit' };

type NewSent = Pick<Sent, 'tag' | 'keys' | 'properties' | 'shardingKey' | 'delayMs'>;

const bare: NewSent = { tag: undefined, keys: [], properties: {}, shardingKey: undefined, delayMs: 0 };

export class ShopProcess<Process extends ClientProcess = SimulatedProcess> {
  readonly process: Process;
  readonly #options: ShopOptions<Process>;
  readonly #runtime: MqRuntime;
  readonly #orders: FunctionalProducer<Parcel>;
  readonly #ledger: FunctionalProducer<Parcel>;
  readonly #reminders: FunctionalProducer<Parcel>;
  readonly #payments: FunctionalProducer<Parcel>;
  readonly #loops: Promise<void>[] = [];
  #nextNumber = 1;
  #isSelling = false;

  constructor(options: ShopOptions<Process>) {
    this.#options = options;
    this.process = options.process;
    this.#orders = producer(topics.orders, { group: 'shop' });
    this.#ledger = producer(topics.ledger, { group: 'shop' });
    this.#reminders = producer(topics.reminders, { group: 'shop' });
    this.#payments = producer(topics.payments, {
      group: 'cashier',
      transaction: {
        execute: async ({ body }) => {
          await this.#pause(options.random.int(200));
          return body.plan.execute;
        },
        check: async ({ body }) => body.plan.check,
      },
    });
    const all = [this.#orders, this.#ledger, this.#reminders, this.#payments];
    const components = all.flatMap((one) => one[providedComponents]);
    const { environment } = options.process;
    this.#runtime = new MqRuntime({ schemes: [], transport: options.transport, environment }, () => ({
      components,
      problems: [],
    }));
  }

  start(): Promise<void> {
    return this.#runtime.start();
  }

  /** Begins to send. */
  open(): void {
    this.#isSelling = true;
    this.#loops.push(
      this.#loop(() => this.#order()),
      this.#loop(() => this.#remind()),
      this.#loop(() => this.#pay()),
    );
    const { pauseMs, entryPauseMs = keyCount * pauseMs } = this.#options;
    for (let key = 0; key < keyCount; key += 1)
      this.#loops.push(this.#loop(() => this.#enter(`${this.process.name}-${key}`), entryPauseMs));
  }

  /** Ends when the sends under way have ended. */
  async close(): Promise<void> {
    this.#isSelling = false;
    await Promise.all(this.#loops);
  }

  async stop(): Promise<void> {
    await this.close();
    await this.#runtime.stop();
  }

  async #loop(step: () => Promise<void>, pauseMs = this.#options.pauseMs): Promise<void> {
    while (this.#isSelling) {
      await this.#pause(this.#options.random.int(2 * pauseMs));
      if (this.#isSelling) await step();
    }
  }

  #order(): Promise<void> {
    const { random } = this.#options;
    const one = (): [Parcel, NewSent] => {
      const parcel = this.#parcel('order', { ...calm, failures: this.#failures() });
      const keys = random.chance(0.5) ? [parcel.id, `k${random.int(9)}`] : [];
      const tag = random.chance(0.1) ? undefined : tags[random.int(tags.length)];
      return [parcel, { ...bare, tag, keys, properties: { shop: this.process.name, ünï: '☃' } }];
    };
    const kind = random.int(10);
    if (kind === 0) return this.#sendOneway(...one());
    if (kind === 1) return this.#sendBatch(Array.from({ length: 2 + random.int(4) }, one));
    return this.#send(this.#orders, ...one());
  }

  #enter(shardingKey: string): Promise<void> {
    const failures = this.#options.random.chance(0.1) ? 1 + this.#options.random.int(2) : 0;
    return this.#send(this.#ledger, this.#parcel('entry', { ...calm, failures }), { ...bare, shardingKey });
  }

  #remind(): Promise<void> {
    const { delays = delaysDefault, random } = this.#options;
    const [delay, delayMs] = delays[random.int(delays.length)] ?? ['1s', 1000];
    return this.#send(this.#reminders, this.#parcel('reminder', calm), { ...bare, delayMs }, { delay });
  }

  async #pay(): Promise<void> {
    const { random } = this.#options;
    const check = random.chance(0.6) ? 'commit' : 'rollback';
    const execute = random.chance(0.3) ? 'unknown' : check;
    const parcel = this.#parcel('payment', { failures: 0, execute, check });
    const sent = this.#begin(topics.payments.name, parcel, { ...bare, keys: [parcel.id] });
    await this.#settle([sent], async () => [await this.#payments.sendInTransaction(parcel, undefined, { keys: [parcel.id] })]);
    // Where a half message lies is not where its message will.
    sent.place = undefined;
  }

  #send(to: FunctionalProducer<Parcel>, parcel: Parcel, facts: NewSent, more: MessageOptions = {}): Promise<void> {
    const sent = this.#begin(topicNameOf(parcel), parcel, facts);
    const { tag, keys, properties, shardingKey } = facts;
    const { random } = this.#options;
    const timeoutMs = random.chance(0.1) ? 20 + random.int(500) : undefined;
    return this.#settle([sent], async () => [await to.send(parcel, { tag, keys, properties, shardingKey, timeoutMs, ...more })]);
  }

  async #sendOneway(parcel: Parcel, facts: NewSent): Promise<void> {
    const sent = this.#begin(topicNameOf(parcel), parcel, facts);
    await this.#settle([sent], async () => {
      await this.#orders.sendOneway(parcel, facts);
      return [];
    });
  }

  #sendBatch(messages: readonly (readonly [Parcel, NewSent])[]): Promise<void> {
    const all = messages.map(([parcel, facts]) => this.#begin(topicNameOf(parcel), parcel, facts));
    const bodies = messages.map(([parcel]) => parcel);
    const describe: BatchOptions<Parcel>['describe'] = (_body, index) => messages[index]?.[1] ?? bare;
    return this.#settle(all, () => this.#orders.sendAll(bodies, { describe }));
  }

  #parcel(flow: Flow, plan: Plan): Parcel {
    const { random } = this.#options;
    const length = random.chance(0.9) ? random.int(300) : random.int(textLengthMax);
    const text = Buffer.from(random.bytes(length)).toString('latin1');
    const id = `${this.process.name}.${flow}.${this.#nextNumber}`;
    this.#nextNumber += 1;
    return { id, flow, text, plan };
  }

  /** Most succeed, some fail once or twice, a few always. */
  #failures(): number {
    const { random } = this.#options;
    if (random.chance(0.7)) return 0;
    return random.chance(0.2) ? -1 : 1 + random.int(2);
  }

  #begin(topic: string, parcel: Parcel, facts: NewSent): Sent {
    const { history, process, trace } = this.#options;
    const sent: Sent = {
      ...facts,
      parcel,
      topic,
      startedAtMs: process.environment.clock.monotonic(),
      endedAtMs: undefined,
      outcome: 'unknown',
      error: undefined,
      place: undefined,
      messageId: undefined,
    };
    history.sent.set(parcel.id, sent);
    trace.note(process.name, `sends ${parcel.id} tag=${facts.tag} key=${facts.shardingKey} plan=${JSON.stringify(parcel.plan)}`);
    return sent;
  }

  async #settle(all: readonly Sent[], send: () => Promise<readonly SendReceipt[]>): Promise<void> {
    const { process, trace, history } = this.#options;
    try {
      const receipts = await send();
      for (const [index, receipt] of receipts.entries()) {
        const sent = all[index];
        if (sent === undefined) continue;
        sent.outcome = 'acked';
        sent.messageId = receipt.messageId;
        sent.place = `${sent.topic}@${receipt.brokerName}@${receipt.queueId}@${receipt.queueOffset}`;
        // The first place of a delayed message is the schedule topic's.
        if (sent.delayMs > 0) sent.place = undefined;
      }
    } catch (error) {
      if (!isMqError(error)) history.problems.push(`${all[0]?.parcel.id}: a send failed with ${String(error)}`);
      for (const sent of all) {
        sent.outcome = outcomeOf(error);
        sent.error = String(error);
      }
    }
    for (const sent of all) {
      sent.endedAtMs = process.environment.clock.monotonic();
      trace.note(process.name, `sent ${sent.parcel.id} ${sent.outcome} ${sent.messageId} ${sent.place} ${sent.error ?? ''}`);
    }
  }

  async #pause(delayMs: number): Promise<void> {
    await sleep(this.process.environment.timers, delayMs);
  }
}

function topicNameOf(parcel: Parcel): string {
  switch (parcel.flow) {
    case 'order':
      return topics.orders.name;
    case 'entry':
      return topics.ledger.name;
    case 'reminder':
      return topics.reminders.name;
    case 'payment':
      return topics.payments.name;
  }
}

function outcomeOf(error: unknown): SendOutcome {
  if (isMqError(error) && error.code === 'SEND_WEAKER_DURABILITY') return 'weaker';
  return error instanceof TransportError && error.outcome === 'unknown' ? 'unknown' : 'refused';
}
