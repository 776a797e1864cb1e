/**
 * A process that sends messages for moments of their own (`TIMER_DELAY_MS`, `TIMER_DELIVER_MS`), which no delay level stands for,
 * and takes some of them back. They are reminders like those of the other shops: the same group gets them, the same checker judges
 * them.
 */
import {
  type FunctionalProducer,
  MqRuntime,
  producer,
  providedComponents,
  type SendReceipt,
  type TimedDelay,
  type Transport,
} from '@orbitmq/core';
import { BrokerError, isMqError, sleep, TransportError } from '@orbitmq/core/kernel';
import type { SeededRandom } from '@orbitmq/testing';
import type { History, Parcel, Sent } from '../../simulation/history.js';
import type { ClientProcess } from '../../simulation/shop-process.js';
import { topics } from '../../simulation/topics.js';

export interface TimedShopCast {
  readonly process: ClientProcess;
  readonly transport: Transport;
  readonly random: SeededRandom;
  readonly history: History;
}

export interface TimedShopOptions {
  /** Mean pause between two sends. */
  readonly pauseMs: number;
  /** The longest wait of a message. */
  readonly delayMsMax: number;
}

/** A message that its sender took back, and the broker that said it is gone. */
export interface TakenBack {
  readonly id: string;
  readonly brokerName: string;
}

const delayMsMin = 200;
const recallShare = 0.2;
/** Time that a recall needs to arrive: the tick of its message is a second, and must not have begun. */
const recallMarginMs = 2000;
const textLengthMax = 500;
/** The broker has no timed message that it could take back: it was delivered. */
const illegalOperation = 604;

export class TimedShop {
  /** All that were sent. */
  readonly ids = new Set<string>();
  readonly takenBack: TakenBack[] = [];
  readonly #cast: TimedShopCast;
  readonly #options: TimedShopOptions;
  readonly #producer: FunctionalProducer<Parcel>;
  readonly #runtime: MqRuntime;
  readonly #work: Promise<void>[] = [];
  #isSelling = false;

  constructor(cast: TimedShopCast, options: TimedShopOptions) {
    this.#cast = cast;
    this.#options = options;
    this.#producer = producer(topics.reminders, { group: 'diary' });
    const components = this.#producer[providedComponents];
    const { environment } = cast.process;
    this.#runtime = new MqRuntime({ schemes: [], transport: cast.transport, environment }, () => ({ components, problems: [] }));
  }

  start(): Promise<void> {
    return this.#runtime.start();
  }

  /** Begins to send. */
  open(): void {
    this.#isSelling = true;
    this.#work.push(this.#sell());
  }

  /** Ends when the sends and the recalls under way have ended. */
  async close(): Promise<void> {
    this.#isSelling = false;
    // The seller adds recalls until it ends.
    for (let next = this.#work.pop(); next !== undefined; next = this.#work.pop()) await next;
  }

  async stop(): Promise<void> {
    await this.close();
    await this.#runtime.stop();
  }

  async #sell(): Promise<void> {
    const { random } = this.#cast;
    while (this.#isSelling) {
      await this.#pause(random.int(2 * this.#options.pauseMs));
      if (!this.#isSelling) return;
      const delayMs = delayMsMin + random.int(this.#options.delayMsMax);
      const isForRecall = delayMs > 2 * recallMarginMs && random.chance(recallShare);
      const sent = this.#begin(delayMs);
      // Both copies of a message that had to be sent twice have one moment, when the sender names it: a recall is for both.
      const delay: TimedDelay = isForRecall || random.chance(0.5) ? { until: this.#momentIn(delayMs) } : { ms: delayMs };
      const receipt = await this.#send(sent, delay);
      if (isForRecall && receipt !== undefined)
        this.#work.push(this.#takeBack(sent, receipt, random.int(delayMs - 2 * recallMarginMs)));
    }
  }

  #begin(delayMs: number): Sent {
    const { history, process, random } = this.#cast;
    const id = `${process.name}.timed.${this.ids.size}`;
    const text = Buffer.from(random.bytes(random.int(textLengthMax))).toString('latin1');
    const sent: Sent = {
      parcel: { id, flow: 'reminder', text, plan: { failures: 0, execute: 'commit', check: 'commit' } },
      topic: topics.reminders.name,
      tag: undefined,
      keys: [],
      properties: {},
      shardingKey: undefined,
      delayMs,
      startedAtMs: process.environment.clock.monotonic(),
      endedAtMs: undefined,
      outcome: 'unknown',
      error: undefined,
      place: undefined,
      messageId: undefined,
    };
    this.ids.add(id);
    history.sent.set(id, sent);
    return sent;
  }

  /** Wall time is whole milliseconds: the next one is not before `delayMs` of the clock that judges. */
  #momentIn(delayMs: number): number {
    return this.#cast.process.environment.clock.now() + delayMs + 1;
  }

  async #send(sent: Sent, delay: TimedDelay): Promise<SendReceipt | undefined> {
    try {
      const receipt = await this.#producer.send(sent.parcel, { delay });
      sent.outcome = 'acked';
      sent.messageId = receipt.messageId;
      return receipt;
    } catch (error) {
      this.#complainUnlessExpected(sent, error);
      sent.outcome = error instanceof TransportError && error.outcome === 'unknown' ? 'unknown' : 'refused';
      sent.error = String(error);
      return undefined;
    } finally {
      sent.endedAtMs = this.#cast.process.environment.clock.monotonic();
    }
  }

  async #takeBack(sent: Sent, { brokerName, recallHandle }: SendReceipt, afterMs: number): Promise<void> {
    await this.#pause(afterMs);
    const { id } = sent.parcel;
    if (recallHandle === undefined || brokerName === undefined) {
      this.#cast.history.problems.push(`recall ${id} has no handle of a broker`);
      return;
    }
    try {
      await this.#producer.recall(recallHandle);
      this.takenBack.push({ id, brokerName });
    } catch (error) {
      this.#complainUnlessExpected(sent, error);
      if (error instanceof BrokerError && error.responseCode === illegalOperation) return;
    }
    // Nobody is owed it any more.
    sent.outcome = 'unknown';
  }

  #complainUnlessExpected({ parcel }: Sent, error: unknown): void {
    if (!isMqError(error)) this.#cast.history.problems.push(`${parcel.id}: a send or a recall failed with ${String(error)}`);
  }

  #pause(delayMs: number): Promise<void> {
    return sleep(this.#cast.process.environment.timers, delayMs);
  }
}

/** What was taken back comes no more from the broker that said so. */
export function recallViolations({ deliveries }: History, takenBack: readonly TakenBack[]): string[] {
  const brokerOf = new Map(takenBack.map(({ brokerName, id }) => [id, brokerName]));
  return deliveries
    .filter(({ id, queue }) => queue.split('@')[1] === brokerOf.get(id))
    .map(({ group, id, queue }) => `recall ${id} was taken back, and came to ${group} from ${queue}`);
}
