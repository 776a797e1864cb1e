import { isMqError, type Logger } from '@orbitmq/core/kernel';
import { createRequest, encodeHeartbeat, type HeartbeatData, RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { RemotingClient } from '@orbitmq/remoting';
import { inParallel } from './in-parallel.js';

export interface HeartbeatServiceOptions {
  readonly remoting: RemotingClient;
  readonly logger: Logger;
  readonly timeoutMs: number;
  /** Who we are; undefined while nothing is registered. */
  readonly data: () => HeartbeatData | undefined;
  /** Whom to tell. */
  readonly addresses: () => readonly string[];
}

const tellsInParallelMax = 256;

/**
 * Tells brokers which groups live here (Java: MQClientInstance.sendHeartbeatToAllBroker; page 05 §2). One round at a time:
 * who asks during a round gets the next one, since the round under way may carry the old subscriptions.
 */
export class HeartbeatService {
  readonly #options: HeartbeatServiceOptions;
  readonly #versions = new Map<string, number>();
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(options: HeartbeatServiceOptions) {
    this.#options = options;
  }

  /** Resolves when every broker has answered or failed; never rejects. */
  beat(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#current === undefined) return this.#begin();
    this.#next = this.#current.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  /** MQVersion ordinal of the broker's last answer: what its features depend on. */
  versionOf(address: string): number | undefined {
    return this.#versions.get(address);
  }

  #begin(): Promise<void> {
    this.#current = this.#round().finally(() => {
      this.#current = undefined;
    });
    return this.#current;
  }

  async #round(): Promise<void> {
    const { data, addresses } = this.#options;
    const targets = addresses();
    for (const known of this.#versions.keys()) if (!targets.includes(known)) this.#versions.delete(known);
    const heartbeat = data();
    if (heartbeat === undefined) return;
    const body = encodeHeartbeat(heartbeat);
    await inParallel(targets, tellsInParallelMax, (address) => this.#tell(address, body));
  }

  async #tell(address: string, body: Buffer): Promise<void> {
    const { remoting, timeoutMs, logger } = this.#options;
    try {
      const response = await remoting.invoke(address, createRequest(RequestCode.HEART_BEAT, { body }), { timeoutMs });
      if (response.code === ResponseCode.SUCCESS) this.#versions.set(address, response.version);
      else logger.warn('broker refused the heartbeat', { address, code: response.code, remark: response.remark });
    } catch (error) {
      if (!isMqError(error)) throw error;
      logger.warn('heartbeat failed', { address, error });
    }
  }
}
