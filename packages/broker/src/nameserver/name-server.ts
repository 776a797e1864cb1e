/**
 * The NameServer (Java: NamesrvController): brokers register here, clients ask here where topics are. Everything is in
 * memory; NameServers do not know each other, brokers register with all of them. An unknown code is answered 3, where
 * Apache 4.9 keeps silent.
 */
import { type Environment, type Lifecycle, type StopOptions, type Timer, withLimitedLogger } from '@orbitmq/core/kernel';
import { RequestCode } from '@orbitmq/protocol';
import { createRemotingServer, type Network, type RemotingServer, type ServerConnection } from '@orbitmq/remoting';
import type { NamesrvConfig } from '../config/namesrv-config.js';
import { GetClusterInfoProcessor } from './processors/get-cluster-info.js';
import { GetRouteInfoProcessor } from './processors/get-route-info.js';
import { QueryDataVersionProcessor } from './processors/query-data-version.js';
import { RegisterBrokerProcessor } from './processors/register-broker.js';
import { UnregisterBrokerProcessor } from './processors/unregister-broker.js';
import { RouteTable } from './route-table.js';

/** Brokers of all clusters together. */
const brokerCountMaxDefault = 10_000;

export interface NameServerOptions {
  readonly environment: Environment;
  readonly network: Network;
  readonly config: NamesrvConfig;
  /** Further brokers are refused. Default: 10,000. */
  readonly brokerCountMax?: number | undefined;
}

export interface NameServer extends Lifecycle {
  /** The bound port, after `start()`. */
  readonly port: number;
}

/** `start()` rejects with a `TransportError` `ADDRESS_IN_USE` or `LISTEN_FAILED`. */
export function createNameServer(options: NameServerOptions): NameServer {
  return new RemotingNameServer(options);
}

class RemotingNameServer implements NameServer {
  readonly #options: NameServerOptions;
  readonly #server: RemotingServer;
  readonly #routes: RouteTable<ServerConnection>;
  /** Connections whose end is listened for. */
  readonly #brokerConnections = new WeakSet<ServerConnection>();
  #scan: Timer | undefined;

  constructor(options: NameServerOptions) {
    const { network, config } = options;
    const environment = withLimitedLogger(options.environment);
    this.#options = { ...options, environment };
    this.#routes = new RouteTable({ brokerCountMax: options.brokerCountMax ?? brokerCountMaxDefault });
    this.#server = createRemotingServer({
      environment,
      listener: network,
      host: config.bindAddress,
      port: config.listenPort,
      idleTimeoutMs: config.serverChannelMaxIdleTimeSeconds * 1000,
    });
    const register = new RegisterBrokerProcessor(environment, this.#routes, (connection) => this.#watch(connection));
    this.#server.registerProcessor([RequestCode.REGISTER_BROKER], register);
    this.#server.registerProcessor([RequestCode.UNREGISTER_BROKER], new UnregisterBrokerProcessor(this.#routes));
    this.#server.registerProcessor(
      [RequestCode.QUERY_DATA_VERSION],
      new QueryDataVersionProcessor(environment.clock, this.#routes),
    );
    this.#server.registerProcessor([RequestCode.GET_ROUTEINFO_BY_TOPIC], new GetRouteInfoProcessor(this.#routes));
    this.#server.registerProcessor([RequestCode.GET_BROKER_CLUSTER_INFO], new GetClusterInfoProcessor(this.#routes));
  }

  get port(): number {
    return this.#server.port;
  }

  async start(): Promise<void> {
    await this.#server.start();
    const { environment, config } = this.#options;
    this.#scan = environment.timers.setInterval(() => this.#removeExpired(), config.scanNotActiveBrokerInterval).unref();
  }

  async stop(options?: StopOptions): Promise<void> {
    this.#scan?.cancel();
    await this.#server.stop(options);
  }

  /** A broker's connection is its sign of life: when it closes, the broker leaves the routes at once. */
  #watch(connection: ServerConnection): void {
    if (this.#brokerConnections.has(connection)) return;
    this.#brokerConnections.add(connection);
    connection.onClose(() => {
      for (const { brokerName, brokerAddr } of this.#routes.removeConnection(connection)) {
        this.#options.environment.logger.info('a broker is gone: its connection closed', { brokerName, brokerAddr });
      }
    });
  }

  #removeExpired(): void {
    const { environment } = this.#options;
    for (const { brokerName, brokerAddr, connection } of this.#routes.removeExpired(environment.clock.monotonic())) {
      environment.logger.warn('a broker is gone: it was silent for too long', { brokerName, brokerAddr });
      connection.close();
    }
  }
}
