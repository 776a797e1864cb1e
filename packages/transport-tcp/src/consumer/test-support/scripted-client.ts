/** A `ConsumerClient` of a `ScriptedCluster`: requests take 1 ms of virtual time, and their limits and signals hold. */
import { RouteError, TransportError } from '@orbitmq/core/kernel';
import { type MessageQueue, type RemotingCommand, RequestCode, type TopicRouteData } from '@orbitmq/protocol';
import type { InvokeOptions } from '@orbitmq/remoting';
import type { RegisteredConsumer } from '../../client/client-instance.js';
import type { ConsumerClient } from '../consumer-client.js';
import type { ScriptedCluster } from './scripted-cluster.js';

const latencyMs = 1;

export class ScriptedClient implements ConsumerClient {
  readonly clientId: string;
  readonly environment: ConsumerClient['environment'];
  readonly remoting: ConsumerClient['remoting'];
  heartbeatCount = 0;
  /** What happens to a request with this code: its connection fails before, or after the broker executed it. */
  fault: (code: number) => 'before' | 'after' | undefined = () => undefined;
  /** How long a request with this code takes to the broker. */
  latencyMs: (code: number) => number = () => latencyMs;
  readonly consumers = new Map<string, RegisteredConsumer>();
  readonly #cluster: ScriptedCluster;
  readonly #known = new Map<string, readonly MessageQueue[]>();

  constructor(cluster: ScriptedCluster, clientId: string) {
    this.#cluster = cluster;
    this.clientId = clientId;
    this.environment = cluster.environment;
    this.remoting = this.#remoting();
    const previous = cluster.onMembersChanged;
    cluster.onMembersChanged = (group) => {
      previous(group);
      this.consumers.get(group)?.rebalanceSoon();
    };
  }

  route(topic: string): Promise<TopicRouteData> {
    return this.refreshRoute(topic);
  }

  async refreshRoute(topic: string): Promise<TopicRouteData> {
    const queues = this.#cluster.queuesOf(topic);
    if (queues === undefined) throw new RouteError('ROUTE_NOT_FOUND', `no route of ${topic}`);
    this.#known.set(topic, queues);
    return { queueDatas: [], brokerDatas: [] };
  }

  watchTopic(): void {}

  async publishQueues(topic: string): Promise<readonly MessageQueue[]> {
    await this.refreshRoute(topic);
    return this.#known.get(topic) ?? [];
  }

  subscribeQueues(topic: string): readonly MessageQueue[] | undefined {
    return this.#known.get(topic);
  }

  masterAddress(): string {
    return this.#cluster.address;
  }

  readAddress(): string {
    return this.#cluster.address;
  }

  brokersThatKnow(): readonly string[] {
    return [this.#cluster.address];
  }

  registerConsumer(consumer: RegisteredConsumer): void {
    this.consumers.set(consumer.group, consumer);
  }

  async unregisterConsumer(group: string): Promise<void> {
    if (!this.consumers.delete(group)) return;
    await this.#pass(latencyMs);
    if (this.fault(RequestCode.UNREGISTER_CLIENT) !== undefined) return;
    this.#cluster.leave(group, this.clientId);
  }

  async heartbeat(): Promise<void> {
    this.heartbeatCount += 1;
    await this.#pass(latencyMs);
    if (this.fault(RequestCode.HEART_BEAT) !== undefined) return;
    this.#cluster.heartbeat(
      this.clientId,
      Array.from(this.consumers.values(), (consumer) => consumer.heartbeatData()),
    );
    await this.#pass(latencyMs);
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.environment.timers.setTimeout(resolve, ms);
    });
  }

  #remoting(): ConsumerClient['remoting'] {
    return {
      invoke: (_address, request, options) => this.#invoke(request, options),
      invokeOneway: async (_address, request) => {
        this.#execute(request).catch(() => undefined);
      },
    };
  }

  async #execute(request: RemotingCommand): Promise<RemotingCommand> {
    const fault = this.fault(request.code);
    const answer = fault === 'before' ? undefined : await this.#cluster.answer(this.clientId, request);
    if (fault === undefined && answer !== undefined) return answer;
    throw new TransportError('CONNECTION_CLOSED', 'planted', { outcome: 'unknown' });
  }

  #invoke(request: RemotingCommand, options: InvokeOptions): Promise<RemotingCommand> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        timeout.cancel();
        reject(options.signal?.reason as Error);
      };
      const timeout = this.environment.timers.setTimeout(() => {
        options.signal?.removeEventListener('abort', onAbort);
        reject(new TransportError('REQUEST_TIMEOUT', 'no answer in time', { outcome: 'unknown' }));
      }, options.timeoutMs);
      if (options.signal?.aborted === true) {
        onAbort();
        return;
      }
      options.signal?.addEventListener('abort', onAbort, { once: true });
      const settle = (finish: () => void): void => {
        timeout.cancel();
        options.signal?.removeEventListener('abort', onAbort);
        finish();
      };
      this.#pass(this.latencyMs(request.code))
        .then(() => this.#execute(request))
        .then(
          (answer) => settle(() => resolve(answer)),
          (error: unknown) => settle(() => reject(error as Error)),
        );
    });
  }
}
