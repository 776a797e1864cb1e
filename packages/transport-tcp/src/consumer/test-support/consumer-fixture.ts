import type { ConsumerDefinition, Deliver, DeliveryContext, DeliveryOutcome, IncomingMessage } from '@orbitmq/core';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import type { ConsumerTuning } from '../consumer-tuning.js';
import { createPushConsumer, type PushConsumer } from '../push-consumer.js';
import { ScriptedClient } from './scripted-client.js';
import { ScriptedCluster } from './scripted-cluster.js';

export const topic = 'orders';
export const group = 'billing';

export function definition(changes: Partial<ConsumerDefinition> = {}): ConsumerDefinition {
  return {
    group,
    subscriptions: [{ topic, filter: { kind: 'all' } }],
    orderly: false,
    consumeFrom: 'first',
    concurrency: 20,
    batchSizeMax: 1,
    batchWaitMs: 0,
    maxReconsumeTimes: -1,
    pullBatchSize: 32,
    pullThresholdForQueue: 1000,
    pullThresholdSizeMiBForQueue: 100,
    consumeConcurrentlyMaxSpan: 2000,
    consumeTimeoutMs: 15 * 60_000,
    suspendCurrentQueueTimeMs: 1000,
    ...changes,
  };
}

export interface Delivery {
  readonly atMs: number;
  readonly bodies: readonly string[];
  readonly reconsumeTimes: readonly number[];
  readonly messages: readonly IncomingMessage[];
  readonly context: DeliveryContext;
}

/** A handler that writes down what it gets; `verdict` decides. */
export interface Recorder {
  readonly deliver: Deliver;
  readonly deliveries: Delivery[];
  readonly bodies: readonly string[];
  runningCount: number;
  runningMax: number;
}

export type Verdict = (delivery: Delivery) => DeliveryOutcome | Promise<DeliveryOutcome>;

export const ack: DeliveryOutcome = { status: 'ack' };

export function retry(ackedCount = 0, delayLevel = 0): DeliveryOutcome {
  return { status: 'retry', ackedCount, delayLevel, error: new Error('planted') };
}

export function recorder(environment: VirtualEnvironment, verdict: Verdict = () => ack): Recorder {
  const deliveries: Delivery[] = [];
  const result: Recorder = {
    deliveries,
    get bodies() {
      return deliveries.flatMap((delivery) => delivery.bodies);
    },
    runningCount: 0,
    runningMax: 0,
    deliver: async (messages, context) => {
      const delivery: Delivery = {
        atMs: environment.clock.monotonic(),
        bodies: messages.map((message) => Buffer.from(message.body).toString()),
        reconsumeTimes: messages.map((message) => message.reconsumeTimes),
        messages,
        context,
      };
      deliveries.push(delivery);
      result.runningCount += 1;
      result.runningMax = Math.max(result.runningMax, result.runningCount);
      try {
        return await verdict(delivery);
      } finally {
        result.runningCount -= 1;
      }
    },
  };
  return result;
}

export interface Fixture {
  readonly environment: VirtualEnvironment;
  readonly time: VirtualEnvironment['time'];
  readonly cluster: ScriptedCluster;
  pass(ms: number): Promise<void>;
  client(clientId: string): ScriptedClient;
  consumer(
    clientId: string,
    deliver: Deliver,
    changes?: Partial<ConsumerDefinition>,
    tuning?: Partial<ConsumerTuning>,
  ): PushConsumer;
}

export function fixture(queueCount = 1, seed = 1): Fixture {
  const environment = virtualEnvironment(seed);
  const cluster = new ScriptedCluster(environment);
  if (queueCount > 0) cluster.addTopic(topic, queueCount);
  const client = (clientId: string): ScriptedClient => new ScriptedClient(cluster, clientId);
  return {
    environment,
    time: environment.time,
    cluster,
    pass: (ms) => environment.time.advance(ms),
    client,
    consumer: (clientId, deliver, changes, tuning) =>
      createPushConsumer({ instance: client(clientId), definition: definition(changes), deliver, tuning }),
  };
}

/** Resolves `ms` of virtual time later. */
export function after(environment: VirtualEnvironment, ms: number): Promise<void> {
  return new Promise((resolve) => {
    environment.timers.setTimeout(resolve, ms);
  });
}
