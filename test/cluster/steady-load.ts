import { setTimeout as pause } from 'node:timers/promises';
import { decodeOffsetMessageId } from '@orbitmq/protocol';
import type { InteropProducer } from '../interop/interop-client.js';

/** A breath between two sends of a producer: the test is about what is kept, not about how fast. */
const pauseMs = 4;

export interface Acknowledged {
  readonly body: string;
  /** `ip:port` of the broker that has it. */
  readonly brokerAddr: string;
  /** Monotonic, milliseconds. */
  readonly at: number;
}

/**
 * One producer that sends numbered messages, one after the other, each until it is acknowledged: `key:number`, where the numbers of a key
 * are in the order of their acknowledgements. A send that failed may be stored all the same, so a number may be there twice.
 */
export class SteadyLoad {
  readonly acknowledged: Acknowledged[] = [];
  /** What the client told of sends that failed. */
  readonly failures: string[] = [];
  readonly #producer: InteropProducer;
  readonly #topic: string;
  readonly #keys: readonly string[];
  readonly #isOrdered: boolean;
  #isStopped = false;
  #isAbandoned = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    producer: InteropProducer,
    options: { readonly topic: string; readonly keys: readonly string[]; readonly isOrdered: boolean },
  ) {
    this.#producer = producer;
    this.#topic = options.topic;
    this.#keys = options.keys;
    this.#isOrdered = options.isOrdered;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when the last message is acknowledged. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
    await this.#producer.stop();
  }

  /** Ends without waiting: the test has failed. */
  abandon(): void {
    this.#isStopped = true;
    this.#isAbandoned = true;
  }

  /** The longest time without an acknowledgement since `sinceMs`. */
  longestGapMs(sinceMs: number): number {
    let last = sinceMs;
    let gap = 0;
    for (const { at } of this.acknowledged) {
      if (at < sinceMs) continue;
      gap = Math.max(gap, at - last);
      last = at;
    }
    return Math.round(gap);
  }

  async #run(): Promise<void> {
    for (let number = 0; !this.#isStopped; number += 1) {
      for (const key of this.#keys) {
        await this.#sendUntilAcknowledged(key, number);
        await pause(pauseMs);
      }
    }
  }

  async #sendUntilAcknowledged(key: string, number: number): Promise<void> {
    const body = `${key}:${number}`;
    const message = { topic: this.#topic, body, ...(this.#isOrdered ? { shardingKey: key } : {}) };
    while (!this.#isAbandoned) {
      try {
        const { offsetMsgId } = await this.#producer.send(message);
        const { address } = decodeOffsetMessageId(offsetMsgId);
        this.acknowledged.push({ body, brokerAddr: address, at: performance.now() });
        return;
      } catch (error) {
        this.failures.push(String(error));
        await pause(50);
      }
    }
  }
}
