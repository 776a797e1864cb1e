/** Random runs from a seed, checked by `CheckedHistory`. A failure prints its seed: run that one alone to follow it. */
import { type MessageQueue, RequestCode } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { createPushConsumer, type PushConsumer } from './push-consumer.js';
import { CheckedHistory } from './test-support/checked-history.js';
import { definition, type Fixture, fixture, topic } from './test-support/consumer-fixture.js';
import type { ScriptedClient } from './test-support/scripted-client.js';

interface Member {
  readonly client: ScriptedClient;
  readonly consumer: PushConsumer;
}

const messageCount = 150;
const membersMax = 3;

class Run {
  readonly f: Fixture;
  readonly history: CheckedHistory;
  readonly members: Member[] = [];
  readonly isOrderly: boolean;
  #startedCount = 0;
  #isFaulty = false;

  constructor(seed: number, isOrderly: boolean, queueCount: number) {
    this.f = fixture(queueCount, seed);
    this.isOrderly = isOrderly;
    this.history = new CheckedHistory(this.f.cluster, this.f.environment, isOrderly);
  }

  publish(count: number): void {
    const queues = this.f.cluster.queuesOf(topic) as readonly MessageQueue[];
    for (let index = 0; index < count; index += 1) {
      this.f.cluster.publish(topic, 'm', { queueId: this.f.environment.random.int(queues.length) });
    }
  }

  start(failureRate: number): Promise<void> {
    const { random } = this.f.environment;
    this.#startedCount += 1;
    const client = this.f.client(`c${this.#startedCount}`);
    client.fault = (code) => this.#fault(code);
    const consumer = createPushConsumer({
      instance: client,
      definition: definition({
        orderly: this.isOrderly,
        concurrency: 1 + random.int(6),
        batchSizeMax: 1 + random.int(4),
        batchWaitMs: random.int(2) * 20,
        pullBatchSize: 1 + random.int(16),
        pullThresholdForQueue: 5 + random.int(30),
        suspendCurrentQueueTimeMs: 50,
      }),
      deliver: this.history.handler({ durationMaxMs: 100, failureRate }),
    });
    this.members.push({ client, consumer });
    return consumer.start();
  }

  async stop(index: number): Promise<void> {
    const [member] = this.members.splice(index, 1);
    await this.f.time.settle((member as Member).consumer.stop({ deadlineMs: 5000 }));
  }

  /** The client is cut off for ever; the broker notices. */
  crash(index: number): void {
    const member = this.members.splice(index, 1)[0] as Member;
    member.client.fault = () => 'before';
    this.f.cluster.leave('billing', member.client.clientId);
    member.consumer.stop({ deadlineMs: 0 }).catch(() => undefined);
  }

  /** Until every message is done, retries with their delays included; then a little longer, to see what comes twice. */
  async drain(): Promise<void> {
    for (let minute = 0; minute < 300 && this.history.missing(topic).length > 0; minute += 1) await this.f.pass(60_000);
    await this.f.pass(60_000);
  }

  set isFaulty(value: boolean) {
    this.#isFaulty = value;
  }

  #fault(code: number): 'before' | 'after' | undefined {
    if (!this.#isFaulty || code === RequestCode.HEART_BEAT || code === RequestCode.UNREGISTER_CLIENT) return undefined;
    const { random } = this.f.environment;
    if (!random.chance(0.2)) return undefined;
    return random.chance(0.5) ? 'before' : 'after';
  }
}

const seeds = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

for (const isOrderly of [false, true]) {
  const mode = isOrderly ? 'orderly' : 'concurrent';

  test.each(seeds(10))(`${mode}, one member after another, clean stops: nothing lost, nothing twice (seed %d)`, async (seed) => {
    const run = new Run(seed, isOrderly, 1 + (seed % 4));
    const { random } = run.f.environment;
    for (let life = 0; life < 5; life += 1) {
      run.publish(messageCount / 5);
      await run.f.time.settle(run.start(0.1));
      await run.f.pass(random.int(1500));
      await run.stop(0);
      expect(run.history.runningCount).toBe(0);
    }
    await run.f.time.settle(run.start(0));
    await run.drain();
    expect(run.history.violations).toEqual([]);
    expect(run.history.missing(topic)).toEqual([]);
    expect(run.history.duplicates).toBe(0);
  });

  test.each(seeds(15))(`${mode}, members that come, go and crash on a bad network: nothing lost (seed %d)`, async (seed) => {
    const run = new Run(seed + 1000, isOrderly, 1 + (seed % 4));
    const { random } = run.f.environment;
    for (let step = 0; step < 25; step += 1) {
      run.publish(messageCount / 25);
      run.isFaulty = random.chance(0.5);
      const choice = random.int(4);
      const count = run.members.length;
      if (count === 0 || (choice === 0 && count < membersMax)) await run.f.time.settle(run.start(0.1));
      else if (choice === 1) await run.stop(random.int(count));
      else if (choice === 2 && random.chance(0.3)) run.crash(random.int(count));
      await run.f.pass(random.int(4000));
    }
    run.isFaulty = false;
    await run.f.time.settle(run.start(0));
    await run.drain();
    expect(run.history.violations).toEqual([]);
    expect(run.history.missing(topic)).toEqual([]);
  });
}
