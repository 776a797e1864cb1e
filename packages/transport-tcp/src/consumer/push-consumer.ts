/**
 * A consumer of one group in one process (Java: DefaultMQPushConsumerImpl, clustering): it wires rebalance, pulling,
 * delivery, offsets and locks together, and starts and stops them in the right order.
 *
 * `stop()` promises: what was acknowledged is committed before it resolves, what was not is delivered to somebody again,
 * and no handler starts after it was called.
 */
import { AbortReason, type ConsumerDefinition, type TransportConsumer } from '@orbitmq/core';
import { ConfigError, InvariantError, type Lifecycle, StateError, type StopOptions } from '@orbitmq/core/kernel';
import type { ConsumerData } from '@orbitmq/protocol';
import type { RegisteredConsumer } from '../client/client-instance.js';
import { consumeFromWhere } from './consume-from.js';
import type { ConsumerClient } from './consumer-client.js';
import { type ConsumerParts, type ConsumerPartsOptions, wireConsumer } from './consumer-parts.js';
import { DirectConsumption } from './direct-consumption.js';
import { PushOperations } from './push-operations.js';
import { within } from './within.js';

/** How long a rebalance waits for the answers to its heartbeat. */
const announceWaitMs = 1000;

export type PushConsumerOptions = ConsumerPartsOptions;

export interface PushConsumer extends TransportConsumer, Lifecycle, RegisteredConsumer {}

/**
 * Throws a `ConfigError` when the definition contradicts itself. The instance has to be started before the consumer, and
 * stopped after it.
 */
export function createPushConsumer(options: PushConsumerOptions): PushConsumer {
  checkBounds(options.definition);
  return new ClusteringPushConsumer(options);
}

class ClusteringPushConsumer implements PushConsumer {
  readonly group: string;
  readonly #definition: ConsumerDefinition;
  readonly #instance: ConsumerClient;
  readonly #parts: ConsumerParts;
  readonly #direct: DirectConsumption;
  readonly operations: PushOperations;
  #state: 'new' | 'starting' | 'running' | 'stopping' = 'new';
  #isRegistered = false;
  #stopped: Promise<void> | undefined;

  constructor(options: PushConsumerOptions) {
    this.group = options.definition.group;
    this.#definition = options.definition;
    this.#instance = options.instance;
    this.#parts = wireConsumer(options, () => this.#announce());
    const { environment, tuning, subscriptions, assignments, stats } = this.#parts;
    const { definition, deliver } = options;
    this.#direct = new DirectConsumption({ environment, definition, deliver, bodyBytesMax: tuning.decompressedBodyBytesMax });
    this.operations = new PushOperations({
      clock: environment.clock,
      definition,
      subscriptions,
      assignments,
      stats,
      direct: this.#direct,
    });
  }

  /** `topic@broker@queueId` of the queues consumed now, sorted; the group's retry topic is left out. */
  get assignment(): readonly string[] {
    return this.#parts.assignments.activeKeys;
  }

  heartbeatData(): ConsumerData {
    return {
      groupName: this.group,
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'CLUSTERING',
      consumeFromWhere: consumeFromWhere(this.#definition.consumeFrom),
      subscriptionDataSet: this.#parts.subscriptions.all,
      unitMode: false,
    };
  }

  rebalanceSoon(): void {
    this.#parts.rebalancer.request();
  }

  /** Resolves when the group is announced and a first rebalance was tried; topics that do not exist yet are waited for afterwards. */
  async start(): Promise<void> {
    if (this.#state !== 'new')
      throw new StateError('ALREADY_STARTED', `the consumer of the group "${this.group}" was started before`);
    this.#state = 'starting';
    const { routes, mode, scheduler, locks, offsets, rebalancer } = this.#parts;
    await routes.lookAtAll();
    this.#mustNotBeStopping();
    this.#instance.registerConsumer(this);
    this.#isRegistered = true;
    await this.#announce();
    this.#mustNotBeStopping();
    await routes.start();
    this.#mustNotBeStopping();
    mode.start(scheduler);
    locks?.start();
    offsets.start();
    await rebalancer.start();
    this.#mustNotBeStopping();
    this.#direct.start();
    this.#state = 'running';
  }

  /** `deadlineMs` bounds the wait for handlers (default 30 s) and for brokers that are down; commits, unlocks and goodbyes come on top, each with its own limit. */
  stop(options: StopOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(options.deadlineMs ?? this.#parts.tuning.stopDeadlineMs);
    return this.#stopped;
  }

  async #stop(deadlineMs: number): Promise<void> {
    const wasNew = this.#state === 'new';
    this.#state = 'stopping';
    if (wasNew) return;
    const { environment, tuning, routes, assignments, scheduler, mode, rebalancer, offsets, locks } = this.#parts;
    const { clock } = environment;
    const endMs = clock.monotonic() + deadlineMs;
    routes.stop();
    assignments.stopPulling();
    scheduler.stop();
    this.#direct.stop();
    mode.stop();
    await Promise.all([rebalancer.stop(new AbortReason('stopped')), this.#drain(deadlineMs)]);
    offsets.stop();
    locks?.stop();
    await assignments.releaseAll();
    // Before the goodbye: behind it another consumer of this client may be given the same queues.
    await locks?.finish(Math.min(tuning.stopUnlockWaitMs, endMs - clock.monotonic()));
    await this.#sayGoodbye();
  }

  async #drain(deadlineMs: number): Promise<void> {
    const { environment, tuning, scheduler, assignments } = this.#parts;
    const { timers, logger } = environment;
    if (!(await within(timers, deadlineMs, this.#idle()))) {
      logger.warn('handlers did not end in time, aborting them', { count: scheduler.calls.size + this.#direct.runningCount });
      scheduler.abort(new AbortReason('stopped'));
      this.#direct.abort(new AbortReason('stopped'));
      await within(timers, tuning.stopAbortGraceMs, this.#idle());
    }
    // Queues of which no handler is left are gone after a commit and an unlock, behind one that is under way.
    await within(timers, tuning.requestTimeoutMs + 2 * tuning.lockTimeoutMs, assignments.releasesEnded());
  }

  /** No handler runs, neither of pulled messages nor for an operator. */
  #idle(): Promise<unknown> {
    return Promise.all([this.#parts.scheduler.idle(), this.#direct.idle()]);
  }

  async #sayGoodbye(): Promise<void> {
    if (!this.#isRegistered) return;
    try {
      await this.#instance.unregisterConsumer(this.group);
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      // The brokers notice the closed connection, or the missing heartbeats.
      this.#parts.environment.logger.warn('unregistering the consumer failed', { error });
    }
  }

  /** Heartbeats all brokers, and waits for their answers, though not long for one that hangs: it can delay only its own queues. */
  async #announce(): Promise<void> {
    await within(this.#parts.environment.timers, announceWaitMs, this.#heartbeat());
  }

  /** Pulls carry the new versions once all brokers have answered. */
  async #heartbeat(): Promise<void> {
    const announced = this.#parts.subscriptions.beginAnnouncement();
    try {
      await this.#instance.heartbeat();
      announced();
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      this.#parts.environment.logger.warn('the heartbeat failed', { error });
    }
  }

  #mustNotBeStopping(): void {
    if (this.#stopped !== undefined)
      throw new StateError('STOPPED', `the consumer of the group "${this.group}" was stopped while it started`);
  }
}

/** A bound of nothing would stop consumption without a word. */
function checkBounds(definition: ConsumerDefinition): void {
  for (const name of ['concurrency', 'batchSizeMax', 'pullBatchSize', 'consumeTimeoutMs'] as const) {
    if (definition[name] >= 1) continue;
    const { group } = definition;
    const message = `${name} of the group "${group}" is ${definition[name]}, it has to be at least 1`;
    throw new ConfigError('CONFIG_INVALID', message, { details: { group, name } });
  }
}
