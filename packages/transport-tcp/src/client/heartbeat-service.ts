import { type Environment, isMqError, type Timer } from '@orbitmq/core/kernel';
import { createRequest, encodeHeartbeat, type HeartbeatData, RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { RemotingClient } from '@orbitmq/remoting';
import { inParallel } from './in-parallel.js';

export interface HeartbeatServiceOptions {
  readonly environment: Environment;
  readonly remoting: RemotingClient;
  readonly timeoutMs: number;
  /** Who we are; undefined while nothing is registered. */
  readonly data: () => HeartbeatData | undefined;
  /** Whom to tell. */
  readonly addresses: () => readonly string[];
}

const tellsInParallelMax = 256;
/** Pause before a broker that did not take the heartbeat gets another one; doubles up to the largest. */
const repeatFirstMs = 500;
const repeatMaxMs = 2000;

/** What one broker knows of us. */
class Listener {
  /** MQVersion ordinal of its last answer. */
  version: number | undefined;
  /** Consumer group → monotonic time since which the broker knows us as a member; empty when it may have forgotten. */
  readonly sinceMs = new Map<string, number>();
  /** It knew us, and then the connection or a heartbeat failed: it may have been started anew. */
  hasReturned = false;
  current: Promise<void> | undefined;
  next: Promise<void> | undefined;
  repeatTimer: Timer | undefined;
  repeatMs = repeatFirstMs;

  forget(): void {
    if (this.sinceMs.size > 0) this.hasReturned = true;
    this.sinceMs.clear();
  }

  /** It has taken a heartbeat. */
  learn(version: number, groups: readonly string[], nowMs: number): void {
    this.version = version;
    this.repeatMs = repeatFirstMs;
    for (const known of this.sinceMs.keys()) if (!groups.includes(known)) this.sinceMs.delete(known);
    for (const group of groups) if (!this.sinceMs.has(group)) this.sinceMs.set(group, nowMs);
  }
}

/** Since when a broker knows this client as a member of a group. */
export interface Membership {
  readonly sinceMs: number;
  /** The broker was out of reach before, and may have lost the other members. */
  readonly hasReturned: boolean;
}

/**
 * Tells brokers which groups live here (Java: MQClientInstance.sendHeartbeatToAllBroker; page 05 §2), and keeps what they
 * have taken. One heartbeat per broker at a time: who asks meanwhile gets the next one, since the one under way may carry the
 * old subscriptions. A broker that does not answer holds up nobody else's, and is told again soon and not only after 30 s:
 * members that a broker does not list lose their queues to those it does.
 */
export class HeartbeatService {
  readonly #options: HeartbeatServiceOptions;
  readonly #listeners = new Map<string, Listener>();
  #isStopped = false;

  constructor(options: HeartbeatServiceOptions) {
    this.#options = options;
  }

  /** Resolves when every broker has answered or failed; never rejects. */
  async beat(): Promise<void> {
    const { data, addresses } = this.#options;
    const targets = addresses();
    for (const [address, listener] of this.#listeners) {
      if (targets.includes(address)) continue;
      listener.repeatTimer?.cancel();
      this.#listeners.delete(address);
    }
    if (data() === undefined) return;
    await inParallel(targets, tellsInParallelMax, (address) => this.#beat(address));
  }

  stop(): void {
    this.#isStopped = true;
    for (const listener of this.#listeners.values()) listener.repeatTimer?.cancel();
  }

  /** MQVersion ordinal of the broker's last answer: what its features depend on. */
  versionOf(address: string): number | undefined {
    return this.#listeners.get(address)?.version;
  }

  /** Undefined unless the broker has taken a heartbeat for the group on its present connection. */
  membership(address: string, group: string): Membership | undefined {
    const listener = this.#listeners.get(address);
    const sinceMs = listener?.sinceMs.get(group);
    return listener === undefined || sinceMs === undefined ? undefined : { sinceMs, hasReturned: listener.hasReturned };
  }

  /** The broker's connection is gone, and with it what it knew. */
  connectionClosed(address: string): void {
    this.#listeners.get(address)?.forget();
  }

  #beat(address: string): Promise<void> {
    const listener = this.#listenerOf(address);
    if (listener.next !== undefined) return listener.next;
    if (listener.current === undefined) return this.#begin(address, listener);
    listener.next = listener.current.then(() => {
      listener.next = undefined;
      return this.#begin(address, listener);
    });
    return listener.next;
  }

  #begin(address: string, listener: Listener): Promise<void> {
    listener.repeatTimer?.cancel();
    listener.current = this.#tell(address, listener).finally(() => {
      listener.current = undefined;
    });
    return listener.current;
  }

  async #tell(address: string, listener: Listener): Promise<void> {
    const { remoting, timeoutMs, environment, data } = this.#options;
    const heartbeat = data();
    if (heartbeat === undefined || this.#isStopped) return;
    const request = createRequest(RequestCode.HEART_BEAT, { body: encodeHeartbeat(heartbeat) });
    try {
      const response = await remoting.invoke(address, request, { timeoutMs });
      if (response.code === ResponseCode.SUCCESS) {
        const groups = heartbeat.consumers.map(({ groupName }) => groupName);
        listener.learn(response.version, groups, environment.clock.monotonic());
        return;
      }
      environment.logger.warn('broker refused the heartbeat', { address, code: response.code, remark: response.remark });
    } catch (error) {
      if (!isMqError(error)) throw error;
      environment.logger.warn('heartbeat failed', { address, error });
    }
    listener.forget();
    this.#repeatSoon(address, listener);
  }

  #repeatSoon(address: string, listener: Listener): void {
    if (this.#isStopped || this.#listeners.get(address) !== listener) return;
    listener.repeatTimer = this.#options.environment.timers.setTimeout(() => void this.#beat(address), listener.repeatMs);
    listener.repeatMs = Math.min(listener.repeatMs * 2, repeatMaxMs);
  }

  #listenerOf(address: string): Listener {
    const known = this.#listeners.get(address);
    if (known !== undefined) return known;
    const listener = new Listener();
    this.#listeners.set(address, listener);
    return listener;
  }
}
