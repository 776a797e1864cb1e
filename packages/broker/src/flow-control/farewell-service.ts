import { type Lifecycle, type StopOptions, sleep, type Timers } from '@orbitmq/core/kernel';
import type { RemotingServer } from '@orbitmq/remoting';
import type { BrokerConfig } from '../config/broker-config.js';

export interface FarewellServiceDeps {
  readonly timers: Timers;
  readonly config: Pick<BrokerConfig, 'enableShutdownGracefully' | 'shutdownWaitTimeSeconds'>;
  readonly server: Pick<RemotingServer, 'sendAway' | 'connectionCount'>;
}

/** What the rest of the stop has of its deadline at least. */
const reservedMs = 5000;
const lookAgainMs = 100;

/**
 * The first part of a stop with `enableShutdownGracefully`: for `shutdownWaitTimeSeconds` the server sends newer clients elsewhere and
 * serves the others (Java: NettyRemotingServer.shutdown). It ends early when nobody is connected any more, and when the deadline
 * of the stop leaves no more than the rest needs. To be started behind everything that serves requests.
 */
export class FarewellService implements Lifecycle {
  readonly #deps: FarewellServiceDeps;

  constructor(deps: FarewellServiceDeps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop({ deadlineMs }: StopOptions = {}): Promise<void> {
    const { timers, config, server } = this.#deps;
    if (!config.enableShutdownGracefully) return;
    const waitMs = Math.min(config.shutdownWaitTimeSeconds * 1000, (deadlineMs ?? Number.POSITIVE_INFINITY) - reservedMs);
    server.sendAway();
    for (let waitedMs = 0; waitedMs < waitMs && server.connectionCount > 0; waitedMs += lookAgainMs) {
      await sleep(timers, lookAgainMs);
    }
  }
}
