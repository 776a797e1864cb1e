/**
 * What one broker does while it has the directory: it finds what the one before it left, takes up its unfinished work, takes
 * messages of every kind, and leaves unfinished work for the next one.
 */
import { join } from 'node:path';
import { deadLetterTopic, type MessageExt, retryTopic, SystemTopic } from '@orbitmq/protocol';
import { expect } from 'vitest';
import type { Child } from '../support/child.js';
import { waitUntil } from '../support/wait-until.js';
import { type BrokerKind, type BrokerOnDirectory, startBrokerOn } from './broker-on-directory.js';
import { HandoverClient, type Stored } from './handover-client.js';
import { expectContinued, type QueueName, type QueueView, viewQueues } from './queue-view.js';
import { expectConsistentFiles, readLog } from './store-files.js';

const topic = 'handover-orders';
const topicQueues = 3;
const readOnlyTopic = 'handover-archive';
const delayedTopic = 'handover-later';
const transactionTopic = 'handover-transactions';
const group = 'handover-consumers';
const groups = [group, 'handover-others', 'handover-third'];
/** Longer than a stage goes on after it sent, so that the next broker delivers. */
const delayLevel = 3;
const delayMs = 6000;
const config = { messageDelayLevel: '1s 5s 6s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h' };
const arrivalLimitMs = 90_000;
/** Longer than the intervals of broker-on-directory.ts after which progress is on disk. */
const settleMs = 1500;

const watchedQueues: readonly QueueName[] = [
  ...Array.from({ length: topicQueues }, (_, queueId) => ({ topic, queueId })),
  { topic: delayedTopic, queueId: 0 },
  { topic: transactionTopic, queueId: 0 },
  { topic: retryTopic(group), queueId: 0 },
  { topic: deadLetterTopic(group), queueId: 0 },
  { topic: SystemTopic.SCHEDULE, queueId: delayLevel - 1 },
  { topic: SystemTopic.TRANS_HALF, queueId: 0 },
  { topic: SystemTopic.TRANS_OP_HALF, queueId: 0 },
];

export interface StagePlan {
  readonly kind: BrokerKind;
  readonly stop: 'SIGTERM' | 'SIGKILL';
}

/** What a message must become: it arrives once in its queue, not before its time. */
interface Pending {
  readonly body: string;
  readonly queue: QueueName;
  readonly notBefore: number;
}

/** What the brokers before have left, as one who watched them from outside knows it. */
export class Handover {
  readonly #directory: string;
  readonly #onProcess: (child: Child) => void;
  #views: readonly QueueView[] = [];
  #offsets = new Map<string, readonly number[]>();
  #pending: Pending[] = [];
  /** Bodies of messages that were to arrive once and did. */
  readonly #arrived = new Map<string, QueueName>();
  /** Delivered within a run that was killed: that may come once more. */
  readonly #mayRepeat = new Set<string>();
  readonly #rolledBack: string[] = [];
  #stageCount = 0;
  /** How the broker before this one ended. */
  #lastStop: StagePlan['stop'] | undefined;

  constructor(directory: string, onProcess: (child: Child) => void) {
    this.#directory = directory;
    this.#onProcess = onProcess;
  }

  get #store(): string {
    return join(this.#directory, 'store');
  }

  async run(plan: StagePlan): Promise<void> {
    this.#stageCount += 1;
    const label = `${this.#stageCount}-${plan.kind}`;
    const broker = await startBrokerOn(plan.kind, { directory: this.#directory, onProcess: this.#onProcess, config });
    const client = await HandoverClient.connect(broker.address, (body) => {
      // This stage's own are the next broker's to ask about.
      if (body.startsWith(label)) return 'none';
      return body.includes('commit') ? 'commit' : 'rollback';
    });
    try {
      if (this.#stageCount === 1) await this.#createTables(client);
      else await this.#findEverything(client, label);
      await this.#takeUpWork(client, plan);
      await this.#sendAll(client, broker, label);
      await this.#leaveWork(client, label);
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      this.#views = await viewQueues(client, watchedQueues);
    } finally {
      await client.stop();
      await broker.stop(plan.stop).catch((error: unknown) => {
        throw new Error(`stage ${label}: ${broker.process.output.slice(-4000)}`, { cause: error });
      });
    }
    this.#lastStop = plan.stop;
    if (plan.stop === 'SIGTERM') expectConsistentFiles(this.#store);
  }

  /** Everything that was promised over the whole chain, at its end. */
  expectEnd(): void {
    const { records, blanks } = readLog(this.#store);
    expect(blanks, 'files that ended in a blank record').toBeGreaterThan(2);
    expect(records.length).toBeGreaterThan(300);
  }

  async #createTables(client: HandoverClient): Promise<void> {
    await client.createTopic(topic, topicQueues, 6);
    await client.createTopic(readOnlyTopic, 5, 4);
    for (const name of [delayedTopic, transactionTopic]) await client.createTopic(name, 1, 6);
    for (const groupName of groups) {
      await client.createGroup({
        groupName,
        consumeEnable: true,
        consumeFromMinEnable: true,
        consumeBroadcastEnable: groupName === group,
        retryQueueNums: 1,
        retryMaxTimes: 7,
        brokerId: 0,
        whichBrokerWhenConsumeSlowly: 1,
        notifyConsumerIdsChangedEnable: true,
      });
    }
  }

  async #findEverything(client: HandoverClient, label: string): Promise<void> {
    // Deliveries go on meanwhile; what was there must be there.
    expectContinued(this.#views, await viewQueues(client, watchedQueues), label);
    for (const [name, allowed] of this.#offsets) {
      const [groupName = '', topicName = '', queueId] = name.split('@');
      expect(allowed, `offset of ${name}`).toContain(await client.committedOffset(groupName, topicName, Number(queueId)));
    }
  }

  /** Delayed, retried and half messages of the broker before are this one's to deliver. */
  async #takeUpWork(client: HandoverClient, plan: StagePlan): Promise<void> {
    await client.heartbeat();
    // 4.9.7 reads its delay levels after it has recovered the queues: what it puts into them again counts as due after 1 s.
    const mayBeEarly = plan.kind === '4.9.7' && this.#lastStop === 'SIGKILL';
    for (const pending of this.#pending.splice(0)) {
      const arrived = await waitUntil(`${pending.body} arrives`, arrivalLimitMs, async () => {
        const found = await this.#arrivals(client, pending.queue, pending.body);
        return found[0] ?? new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 200));
      });
      const notBefore = mayBeEarly ? 0 : pending.notBefore;
      expect(arrived.storeTimestamp, `${pending.body} is not early`).toBeGreaterThanOrEqual(notBefore);
      this.#arrived.set(pending.body, pending.queue);
      if (plan.stop === 'SIGKILL' && plan.kind !== 'OrbitMQ') this.#mayRepeat.add(pending.body);
    }
    for (const body of this.#rolledBack) {
      await waitUntil(`the broker asks about ${body}`, arrivalLimitMs, () => client.checks.includes(body));
    }
    this.#rolledBack.length = 0;
    for (const [body, queue] of this.#arrived) {
      const count = (await this.#arrivals(client, queue, body)).length;
      expect(count, `deliveries of ${body}`).toBeLessThanOrEqual(this.#mayRepeat.has(body) ? 2 : 1);
    }
    const committed = await client.messages(transactionTopic, 0);
    expect(committed.filter((message) => message.body.toString().includes('rollback'))).toEqual([]);
  }

  async #arrivals(client: HandoverClient, queue: QueueName, body: string): Promise<readonly MessageExt[]> {
    const messages = await client.messages(queue.topic, queue.queueId, await client.minOffset(queue.topic, queue.queueId));
    return messages.filter((message) => message.body.toString() === body);
  }

  /** Sizes that come near the ends of files in every way, and enough messages to roll queue files. */
  async #sendAll(client: HandoverClient, broker: BrokerOnDirectory, label: string): Promise<void> {
    const next = await Promise.all(Array.from({ length: topicQueues }, (_, queueId) => client.maxOffset(topic, queueId)));
    const expectNext = (queueId: number, stored: Stored, count = 1): void => {
      expect(stored.queueOffset, `offset in queue ${queueId}`).toBe(next[queueId]);
      next[queueId] = stored.queueOffset + count;
    };
    for (let index = 0; index < 120; index += 1) {
      const queueId = index % 10 === 0 ? 1 : 0;
      const body = Buffer.alloc(1 + ((index * 977) % 9000), `${label}:${index};`);
      const properties = { TAGS: `tag-${index % 3}`, KEYS: `key-${index} ${label}`, grün: 'ü' };
      expectNext(queueId, await client.send({ topic, queueId, body, properties }));
    }
    const bodies = Array.from({ length: 40 }, (_, index) => `${label}-batch-${index}`);
    expectNext(2, await client.sendBatch(topic, 2, bodies, 'batch'), bodies.length);
    if (broker.kind !== 'OrbitMQ') await this.#sendOverIPv6(broker, label, (stored) => expectNext(1, stored));
    for (const [index, groupName] of groups.entries()) {
      for (const queueId of next.keys()) {
        const offset = Math.max(0, (next[queueId] ?? 0) - index - 1);
        const name = `${groupName}@${topic}@${queueId}`;
        const before = this.#offsets.get(name)?.at(-1);
        await client.commitOffset(groupName, topic, queueId, offset);
        // Apache writes the first time 10 s after its start: a kill before that repeats, and skips nothing.
        this.#offsets.set(name, before === undefined ? [-1, offset] : [before, offset]);
      }
    }
  }

  /** Records whose hosts have 16 bytes among others whose hosts have 4. */
  async #sendOverIPv6(broker: BrokerOnDirectory, label: string, expectNext: (stored: Stored) => void): Promise<void> {
    const client = await HandoverClient.connect(broker.address.replace('127.0.0.1', '[::1]'));
    try {
      expectNext(await client.send({ topic, queueId: 1, body: `${label}-ipv6` }));
    } finally {
      await client.stop();
    }
  }

  async #leaveWork(client: HandoverClient, label: string): Promise<void> {
    const [first] = await client.messages(topic, 1, 0);
    if (first === undefined) throw new Error('there is nothing to send back');
    await client.sendBack(group, first, -1);
    for (const number of [1, 2]) await client.sendHalf(transactionTopic, 0, `${label}-commit-${number}`);
    await client.sendHalf(transactionTopic, 0, `${label}-rollback`);
    const transactions = { topic: transactionTopic, queueId: 0 };
    for (const number of [1, 2]) this.#pending.push({ body: `${label}-commit-${number}`, queue: transactions, notBefore: 0 });
    this.#rolledBack.push(`${label}-rollback`);

    const retried = { topic: retryTopic(group), queueId: 0 };
    const own = await client.send({ topic, queueId: 1, body: `${label}-retried` });
    // Apache answers before the message is in its queue.
    const toRetry = await waitUntil('the message to retry', arrivalLimitMs, async () => {
      return (await client.messages(topic, 1, own.queueOffset))[0];
    });
    const now = Date.now();
    await client.sendBack(group, toRetry, delayLevel);
    this.#pending.push({ body: `${label}-retried`, queue: retried, notBefore: now + delayMs });
    for (const number of [1, 2]) {
      const body = `${label}-delayed-${number}`;
      await client.send({ topic: delayedTopic, body, properties: { DELAY: String(delayLevel), TAGS: 'later' } });
      this.#pending.push({ body, queue: { topic: delayedTopic, queueId: 0 }, notBefore: now + delayMs });
    }
  }
}
