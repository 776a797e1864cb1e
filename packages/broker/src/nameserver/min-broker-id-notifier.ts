/** Sends the notices of `min-broker-id.ts` to brokers, one-way, when the configuration wants them (Java: RouteInfoManager). */
import { type Environment, isMqError, type Lifecycle, type StopOptions } from '@orbitmq/core/kernel';
import { createRequest, notifyMinBrokerIdChangeHeader, RequestCode } from '@orbitmq/protocol';
import { createRemotingClient, type Dialer, type RemotingClient } from '@orbitmq/remoting';
import type { NamesrvConfig } from '../config/namesrv-config.js';
import { type MinBrokerIdChange, noticeOf } from './min-broker-id.js';

/** For connecting and writing (Java: 300). */
const noticeTimeoutMs = 300;
/** Notices on their way; brokers that miss one ask for their group every second anyway. */
export const noticesUnderWayMax = 1000;

export interface MinBrokerIdNotifierOptions {
  readonly environment: Environment;
  readonly dialer: Dialer;
  readonly config: () => NamesrvConfig;
}

export class MinBrokerIdNotifier implements Lifecycle {
  readonly #options: MinBrokerIdNotifierOptions;
  readonly #client: RemotingClient;
  #isRunning = false;
  #underWayCount = 0;

  constructor(options: MinBrokerIdNotifierOptions) {
    this.#options = options;
    this.#client = createRemotingClient({ environment: options.environment, dialer: options.dialer });
  }

  async start(): Promise<void> {
    await this.#client.start();
    this.#isRunning = true;
  }

  async stop(options?: StopOptions): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    await this.#client.stop(options);
  }

  changed(change: MinBrokerIdChange): void {
    if (!this.#isRunning || !this.#options.config().notifyMinBrokerIdChanged) return;
    const { header, addresses } = noticeOf(change);
    for (const address of addresses) {
      if (this.#underWayCount >= noticesUnderWayMax) {
        this.#options.environment.logger.warn('too many notices of the lowest broker id are under way', { address });
        return;
      }
      this.#underWayCount += 1;
      void this.#send(address, notifyMinBrokerIdChangeHeader.encode(header));
    }
  }

  async #send(address: string, extFields: Record<string, string>): Promise<void> {
    const request = createRequest(RequestCode.NOTIFY_MIN_BROKER_ID_CHANGE, { extFields }, true);
    try {
      await this.#client.invokeOneway(address, request, { timeoutMs: noticeTimeoutMs });
    } catch (error) {
      if (!isMqError(error)) throw error;
      this.#options.environment.logger.warn('a broker was not told of the lowest broker id', { address, error });
    } finally {
      this.#underWayCount -= 1;
    }
  }
}
