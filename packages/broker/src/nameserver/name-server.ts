/**
 * The NameServer (Java: NamesrvController): brokers register here, clients ask here where topics are. Routes are in memory;
 * NameServers do not know each other, brokers register with all of them. Kept in files are the KV configuration and changes of
 * its own. An unknown code is answered 3, where Apache 4.9 keeps silent.
 */
import { type Environment, type Lifecycle, type StopOptions, type Timer, withLimitedLogger } from '@orbitmq/core/kernel';
import { createRemotingServer, type Network, type RemotingServer, type ServerConnection } from '@orbitmq/remoting';
import type { NamesrvConfig } from '../config/namesrv-config.js';
import { KeptFile } from './kept-file.js';
import { KvConfigStore } from './kv-config-store.js';
import { MinBrokerIdNotifier } from './min-broker-id-notifier.js';
import type { NameServerFiles } from './name-server-files.js';
import { NamesrvConfigManager } from './namesrv-config-manager.js';
import { registerProcessors } from './register-processors.js';
import { RouteTable } from './route-table.js';
import type { RouteTableLimits } from './route-table-limits.js';

export interface NameServerOptions {
  readonly environment: Environment;
  readonly network: Network;
  readonly config: NamesrvConfig;
  /** Where `kvConfigPath` and `configStorePath`, both absolute then, are. Default: nothing outlives the process. */
  readonly files?: NameServerFiles | undefined;
  /** What would exceed them is refused. Default: `routeTableLimits`. */
  readonly limits?: Partial<RouteTableLimits> | undefined;
}

export interface NameServer extends Lifecycle {
  /** The bound port, after `start()`. */
  readonly port: number;
}

/**
 * `start()` rejects with a `TransportError` `ADDRESS_IN_USE` or `LISTEN_FAILED`, and with a `StoreError` `STORE_CORRUPT` when the
 * KV configuration cannot be read.
 */
export function createNameServer(options: NameServerOptions): NameServer {
  return new RemotingNameServer(options);
}

class RemotingNameServer implements NameServer {
  readonly #environment: Environment;
  readonly #server: RemotingServer;
  readonly #notifier: MinBrokerIdNotifier;
  readonly #kvConfig: KvConfigStore;
  readonly #config: NamesrvConfigManager;
  readonly #routes: RouteTable<ServerConnection>;
  /** Connections whose end is listened for. */
  readonly #brokerConnections = new WeakSet<ServerConnection>();
  #scan: Timer | undefined;
  #startedMs = 0;

  constructor(options: NameServerOptions) {
    const { network, config, files, limits } = options;
    const environment = withLimitedLogger(options.environment);
    const { logger } = environment;
    this.#environment = environment;
    this.#config = new NamesrvConfigManager({ config, logger, files, onChange: () => this.#scheduleScan() });
    this.#kvConfig = new KvConfigStore(files && new KeptFile(files, config.kvConfigPath, logger));
    this.#notifier = new MinBrokerIdNotifier({ environment, dialer: network, config: () => this.#config.config });
    this.#routes = new RouteTable({ limits, onMinBrokerIdChange: (change) => this.#notifier.changed(change) });
    this.#server = createRemotingServer({
      environment,
      listener: network,
      host: config.bindAddress,
      port: config.listenPort,
      idleTimeoutMs: config.serverChannelMaxIdleTimeSeconds * 1000,
    });
    registerProcessors(this.#server, {
      environment,
      routes: this.#routes,
      kvConfig: this.#kvConfig,
      configManager: this.#config,
      runningMs: () => environment.clock.monotonic() - this.#startedMs,
      onBrokerConnection: (connection) => this.#watch(connection),
    });
  }

  get port(): number {
    return this.#server.port;
  }

  async start(): Promise<void> {
    await this.#kvConfig.load();
    await this.#notifier.start();
    this.#startedMs = this.#environment.clock.monotonic();
    try {
      await this.#server.start();
    } catch (error) {
      await this.#notifier.stop();
      throw error;
    }
    this.#scheduleScan();
  }

  async stop(options?: StopOptions): Promise<void> {
    this.#scan?.cancel();
    await this.#server.stop(options);
    await this.#notifier.stop(options);
    await Promise.all([this.#kvConfig.drained(), this.#config.settled()]);
  }

  #scheduleScan(): void {
    this.#scan?.cancel();
    const intervalMs = this.#config.config.scanNotActiveBrokerInterval;
    this.#scan = this.#environment.timers.setInterval(() => this.#removeExpired(), intervalMs).unref();
  }

  /** A broker's connection is its sign of life: when it closes, the broker leaves the routes at once. */
  #watch(connection: ServerConnection): void {
    if (this.#brokerConnections.has(connection)) return;
    this.#brokerConnections.add(connection);
    connection.onClose(() => {
      for (const { brokerName, brokerAddr } of this.#routes.removeConnection(connection)) {
        this.#environment.logger.info('a broker is gone: its connection closed', { brokerName, brokerAddr });
      }
    });
  }

  #removeExpired(): void {
    const { clock, logger } = this.#environment;
    for (const { brokerName, brokerAddr, connection } of this.#routes.removeExpired(clock.monotonic())) {
      logger.warn('a broker is gone: it was silent for too long', { brokerName, brokerAddr });
      connection.close();
    }
  }
}
