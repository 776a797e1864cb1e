/**
 * Watches a run of consumers and checks what must hold in every history (promises I1, I7, I8, I9, I12): independent of how
 * the consumers work, it sees only what handlers were given, what they said, and what the broker was told.
 */
import type { Deliver, DeliveryOutcome, IncomingMessage } from '@orbitmq/core';
import { deadLetterTopic } from '@orbitmq/protocol';
import type { VirtualEnvironment } from '@orbitmq/testing';
import type { ReceivedMessage } from '../received-message.js';
import { after, group } from './consumer-fixture.js';
import type { ScriptedCluster } from './scripted-cluster.js';

export class CheckedHistory {
  /** How often each message was acknowledged, by its unique key. */
  readonly ackCounts = new Map<string, number>();
  readonly violations: string[] = [];
  runningCount = 0;
  readonly #cluster: ScriptedCluster;
  readonly #environment: VirtualEnvironment;
  /** `topic@queueId@offset` and unique keys that are acknowledged or stored again. */
  readonly #finished = new Set<string>();
  readonly #running = new Map<string, number>();
  readonly #lastCommit = new Map<string, number>();
  readonly #isOrderly: boolean;

  constructor(cluster: ScriptedCluster, environment: VirtualEnvironment, isOrderly: boolean) {
    this.#cluster = cluster;
    this.#environment = environment;
    this.#isOrderly = isOrderly;
    cluster.onStoredAgain = (uniqueKey) => this.#finished.add(uniqueKey);
    cluster.onCommit = (commit) => this.#checkCommit(commit.clientId, commit.topic, commit.queueId, commit.offset);
  }

  /** A handler that takes a random time and fails sometimes. */
  handler(options: { readonly durationMaxMs: number; readonly failureRate: number }): Deliver {
    const { random } = this.#environment;
    return async (messages) => {
      this.#begin(messages);
      await after(this.#environment, random.int(options.durationMaxMs + 1));
      const isFailed = random.chance(options.failureRate);
      const ackedCount = isFailed ? random.int(messages.length) : messages.length;
      this.#end(messages, ackedCount);
      const outcome: DeliveryOutcome = isFailed
        ? { status: 'retry', ackedCount, delayLevel: 0, error: new Error('planted') }
        : { status: 'ack' };
      return outcome;
    };
  }

  /** Messages of the topic that nobody has acknowledged and that are no dead letters. */
  missing(topic: string): readonly string[] {
    const dead = new Set(this.#cluster.stored(deadLetterTopic(group)).map((message) => message.properties.UNIQ_KEY));
    return this.#cluster
      .stored(topic)
      .map((message) => message.properties.UNIQ_KEY ?? '')
      .filter((key) => !this.ackCounts.has(key) && !dead.has(key));
  }

  get duplicates(): number {
    let count = 0;
    for (const acks of this.ackCounts.values()) count += acks - 1;
    return count;
  }

  #begin(messages: readonly IncomingMessage[]): void {
    this.runningCount += 1;
    const first = messages[0] as ReceivedMessage;
    const queue = `${first.record.topic}@${first.queueId}`;
    const running = (this.#running.get(queue) ?? 0) + 1;
    this.#running.set(queue, running);
    for (let index = 1; index < messages.length; index += 1) {
      if ((messages[index]?.queueOffset ?? 0) <= (messages[index - 1]?.queueOffset ?? 0))
        this.#violated(`batch of ${queue} out of order`);
    }
    if (!this.#isOrderly) return;
    if (running > 1) this.#violated(`two handlers at once on ${queue}`);
    for (const lower of this.#cluster.stored(first.record.topic)) {
      if (lower.queueId !== first.queueId || lower.queueOffset >= first.queueOffset) continue;
      if (!this.#isFinished(lower.topic, lower.queueId, lower.queueOffset, lower.properties.UNIQ_KEY ?? '')) {
        this.#violated(`offset ${first.queueOffset} of ${queue} began before ${lower.queueOffset} was done`);
      }
    }
  }

  #end(messages: readonly IncomingMessage[], ackedCount: number): void {
    this.runningCount -= 1;
    const first = messages[0] as ReceivedMessage;
    const queue = `${first.record.topic}@${first.queueId}`;
    this.#running.set(queue, (this.#running.get(queue) ?? 0) - 1);
    for (const message of messages.slice(0, ackedCount) as ReceivedMessage[]) {
      this.#finished.add(`${message.record.topic}@${message.queueId}@${message.queueOffset}`);
      this.ackCounts.set(message.messageId, (this.ackCounts.get(message.messageId) ?? 0) + 1);
    }
  }

  #isFinished(topic: string, queueId: number, offset: number, uniqueKey: string): boolean {
    return this.#finished.has(`${topic}@${queueId}@${offset}`) || this.#finished.has(uniqueKey);
  }

  #checkCommit(clientId: string, topic: string, queueId: number, offset: number): void {
    for (const message of this.#cluster.stored(topic)) {
      if (message.queueId !== queueId || message.queueOffset >= offset) continue;
      if (!this.#isFinished(topic, queueId, message.queueOffset, message.properties.UNIQ_KEY ?? '')) {
        this.#violated(`${clientId} committed ${offset} of ${topic}@${queueId}, but ${message.queueOffset} is not done`);
      }
    }
    const key = `${clientId}@${topic}@${queueId}`;
    const last = this.#lastCommit.get(key) ?? 0;
    if (this.#isOrderly && offset < last)
      this.#violated(`${clientId} took the offset of ${topic}@${queueId} back from ${last} to ${offset}`);
    this.#lastCommit.set(key, offset);
  }

  #violated(what: string): void {
    this.violations.push(`${this.#environment.clock.monotonic()} ms: ${what}`);
  }
}
