import { type Environment, type Logger, silentLogger, systemClock, systemEnvironment } from '@orbitmq/core/kernel';
import { type Network, tcpNetwork } from '@orbitmq/remoting';
import { SeededRandom } from '@orbitmq/testing';
import { createTcpTransport } from '@orbitmq/transport-tcp';
import type { History } from '../../simulation/history.js';
import { type ClientProcess, type ShopOptions, ShopProcess } from '../../simulation/shop-process.js';
import type { Trace } from '../../simulation/trace.js';
import { WorkerProcess } from '../../simulation/worker-process.js';
import type { QueueTakes } from './queue-takes.js';
import { TimedShop, type TimedShopOptions } from './timed-shop.js';

/** Something of the simulation's cast that plays in the real world. */
export interface RealProcess extends ClientProcess {
  readonly environment: Environment;
  readonly network: Network;
}

export interface RealClientOptions {
  readonly namesrvAddr: string;
  readonly seed: number;
  readonly history: History;
  readonly trace: Trace;
  /** What workers say of their queues goes there. */
  readonly takes: QueueTakes;
  /** Between two heartbeats, and between two looks at the routes. */
  readonly intervalMs: number;
}

let processCount = 0;

export function realProcess(kind: string, loggerOf: (name: string) => Logger = () => silentLogger): RealProcess {
  processCount += 1;
  const name = `${kind}-${processCount}`;
  return { name, environment: systemEnvironment(loggerOf(name)), network: tcpNetwork() };
}

export function realShop(
  options: RealClientOptions,
  settings: Pick<ShopOptions, 'pauseMs' | 'entryPauseMs' | 'delays'>,
): ShopProcess<RealProcess> {
  return new ShopProcess({ ...castOf('shop', options), ...settings });
}

export function realWorker(options: RealClientOptions, workMsMax: number): WorkerProcess<RealProcess> {
  return new WorkerProcess({ ...castOf('worker', options), workMsMax });
}

export function realTimedShop(options: RealClientOptions, settings: TimedShopOptions): TimedShop {
  return new TimedShop(castOf('diary', options), settings);
}

function castOf(kind: string, { history, intervalMs, namesrvAddr, seed, takes, trace }: RealClientOptions) {
  const process = realProcess(kind, (name) => takes.logger(name, systemClock));
  const transport = createTcpTransport({
    environment: process.environment,
    dialer: process.network,
    namesrvAddr: [namesrvAddr],
    durability: 'disk',
    clientIp: '127.0.0.1',
    processId: processCount,
    instanceName: process.name,
    heartbeatBrokerIntervalMs: intervalMs,
    pollNameServerIntervalMs: intervalMs,
    consumerTuning: { rebalanceIntervalMs: intervalMs },
  });
  return { process, transport, random: new SeededRandom(seed).fork(process.name), history, trace };
}
