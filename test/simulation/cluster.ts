/**
 * A whole cluster with its clients in one process: two NameServers, brokers with a disk and a host each, shops that send,
 * workers that consume, all on one virtual clock and one simulated network, from one seed. It offers what can happen to
 * such a cluster; what does happen, and when, is the scenario's.
 */
import {
  type Broker,
  type BrokerConfig,
  createBroker,
  createNameServer,
  defaultBrokerConfig,
  defaultNamesrvConfig,
  type NameServer,
} from '@orbitmq/broker';
import type { Transport } from '@orbitmq/core';
import { isMqError } from '@orbitmq/core/kernel';
import { SeededRandom, VirtualTime } from '@orbitmq/testing';
import { createTcpTransport } from '@orbitmq/transport-tcp';
import { History } from './history.js';
import { type ShopOptions, ShopProcess } from './shop-process.js';
import { SimulatedDisk, type Survival } from './simulated-disk.js';
import { SimulatedNetwork } from './simulated-network.js';
import { type MachineClock, SimulatedProcess } from './simulated-process.js';
import { Trace } from './trace.js';
import { WorkerProcess } from './worker-process.js';

export interface ClusterOptions {
  readonly seed: number;
  readonly brokerCount?: number | undefined;
  readonly brokerConfig?: Partial<BrokerConfig> | undefined;
  readonly shopPauseMs?: number | undefined;
  readonly workMsMax?: number | undefined;
  /** Of the network when nothing slows it. */
  readonly latencyMs?: { readonly min: number; readonly max: number } | undefined;
  /** Keeps the trace as text. */
  readonly keepTrace?: boolean | undefined;
}

export interface NameServerHost {
  readonly host: string;
  process: SimulatedProcess;
  nameServer: NameServer;
}

export interface BrokerHost {
  readonly host: string;
  readonly brokerName: string;
  disk: SimulatedDisk;
  /** Its disk is about to fail an operation, so that the broker may end by itself. */
  isDiskFailing: boolean;
  /** Undefined while the machine is off. */
  process: SimulatedProcess | undefined;
  broker: Broker | undefined;
}

const namesrvPort = 9876;
const brokerPort = 10_911;
const clockErrorMsMax = 3000;
const namesrvHosts = ['10.0.0.1', '10.0.0.2'] as const;
const namesrvAddresses: readonly string[] = namesrvHosts.map((host) => `${host}:${namesrvPort}`);

export class Cluster {
  readonly seed: number;
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly network: SimulatedNetwork;
  readonly latencyMs: { readonly min: number; readonly max: number };
  readonly history = new History();
  readonly nameServers: NameServerHost[] = [];
  readonly brokers: BrokerHost[] = [];
  readonly shops: ShopProcess[] = [];
  readonly workers: WorkerProcess[] = [];
  readonly #options: ClusterOptions;
  readonly #machineClocks = new Map<string, MachineClock>();
  #processCount = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.seed = options.seed;
    this.random = new SeededRandom(options.seed);
    this.trace = new Trace(this.time, { keepLines: options.keepTrace ?? false });
    const { time } = this;
    this.latencyMs = options.latencyMs ?? { min: 1, max: 5 };
    this.network = new SimulatedNetwork({
      clock: time,
      timers: time,
      random: this.random.fork('network'),
      latencyMs: this.latencyMs,
    });
  }

  get nowMs(): number {
    return this.time.monotonic();
  }

  async start(): Promise<void> {
    for (const host of namesrvHosts) {
      const process = this.newProcess('namesrv', host);
      const entry = { host, process, nameServer: this.#newNameServer(process) };
      this.nameServers.push(entry);
      await entry.nameServer.start();
    }
    for (let index = 0; index < (this.#options.brokerCount ?? 2); index += 1) {
      const disk = new SimulatedDisk({ timers: this.time, random: this.random.fork(`disk ${index}`) });
      const brokerName = `broker-${'abc'[index]}`;
      const broker: BrokerHost = {
        host: `10.0.1.${index + 1}`,
        brokerName,
        disk,
        isDiskFailing: false,
        process: undefined,
        broker: undefined,
      };
      this.brokers.push(broker);
      await this.startBroker(broker);
    }
  }

  newProcess(kind: string, host?: string): SimulatedProcess {
    this.#processCount += 1;
    const { time, network, random, trace } = this;
    const name = `${kind}-${this.#processCount}`;
    const ip = host ?? `10.0.2.${this.#processCount}`;
    return new SimulatedProcess({ name, host: ip, time, network, random, trace, machineClock: this.machineClock(ip) });
  }

  machineClock(host: string): MachineClock {
    const known = this.#machineClocks.get(host);
    if (known !== undefined) return known;
    // No two machines agree on the time.
    const clock = { offsetMs: this.random.fork(`clock ${host}`).int(2 * clockErrorMsMax) - clockErrorMsMax };
    this.#machineClocks.set(host, clock);
    return clock;
  }

  #newNameServer({ environment, network }: SimulatedProcess): NameServer {
    return createNameServer({ environment, network, config: { ...defaultNamesrvConfig, listenPort: namesrvPort } });
  }

  async restartNameServer(entry: NameServerHost, pauseMs: number): Promise<void> {
    // Whoever killed it first starts it again.
    if (!entry.process.isAlive) return;
    this.kill(entry.process);
    await this.pause(pauseMs);
    entry.process = this.newProcess('namesrv', entry.host);
    entry.nameServer = this.#newNameServer(entry.process);
    await entry.process.whileAlive(entry.nameServer.start());
  }

  /** Recovers what its disk has and serves it; ends too when the process is killed meanwhile. */
  async startBroker(entry: BrokerHost): Promise<void> {
    const process = this.newProcess(entry.brokerName, entry.host);
    const { environment, network } = process;
    const broker = createBroker({ environment, network, fileSystem: entry.disk, config: this.#brokerConfig(entry) });
    entry.process = process;
    entry.broker = broker;
    void broker.failed.then((error) => this.#complain(entry, process, 'fails', error));
    try {
      await process.whileAlive(broker.start());
    } catch (error) {
      this.#complain(entry, process, 'does not start', error);
      this.kill(process);
      await this.pause(1000);
      // Whoever supervises it tries again.
      if (entry.process === process) await this.startBroker(entry);
      return;
    }
    if (process.isAlive) this.trace.note(process.name, `serves at ${broker.address}`);
  }

  /** A broker may fail when its disk does, and then only. */
  #complain(entry: BrokerHost, process: SimulatedProcess, what: string, error: unknown): void {
    this.trace.note(process.name, `${what}: ${String(error)}`);
    if (!entry.isDiskFailing) this.history.problems.push(`${process.name} ${what}: ${String(error)}`);
  }

  #brokerConfig({ host, brokerName }: BrokerHost): BrokerConfig {
    const root = `/data/${brokerName}`;
    return {
      ...defaultBrokerConfig,
      brokerName,
      namesrvAddr: namesrvAddresses.join(';'),
      listenPort: brokerPort,
      bindAddress: host,
      brokerIP1: host,
      brokerIP2: host,
      storePathRootDir: root,
      storePathCommitLog: `${root}/commitlog`,
      // Small files, so that a run fills several.
      mappedFileSizeCommitLog: 262_144,
      mappedFileSizeConsumeQueue: 4000,
      maxHashSlotNum: 64,
      maxIndexNum: 400,
      maxMessageSize: 65_536,
      defaultTopicQueueNums: 4,
      ...this.#options.brokerConfig,
    };
  }

  /** The process or the machine ends; what survives on its disk depends on `survival`. False when it had ended already. */
  crashBroker(entry: BrokerHost, survival: Survival): boolean {
    if (entry.process === undefined) return false;
    this.kill(entry.process, survival !== 'everything');
    entry.disk = entry.disk.crash(survival);
    entry.process = undefined;
    entry.broker = undefined;
    return true;
  }

  /** False when it ended in another way meanwhile. */
  async stopBroker(entry: BrokerHost): Promise<boolean> {
    const { broker, process } = entry;
    if (broker === undefined || process === undefined) return false;
    try {
      await process.whileAlive(broker.stop());
    } catch (error) {
      // It says that its last flush failed, and has ended all the same.
      this.#complain(entry, process, 'does not stop in order', error);
    }
    if (!process.isAlive) return false;
    process.kill(false);
    entry.process = undefined;
    entry.broker = undefined;
    return true;
  }

  addShop(): Promise<ShopProcess> {
    return this.#supervise(this.shops, () => {
      const process = this.newProcess('shop');
      return new ShopProcess({ ...this.#clientOptions(process), pauseMs: this.#options.shopPauseMs ?? 1000 });
    });
  }

  addWorker(): Promise<WorkerProcess> {
    return this.#supervise(this.workers, () => {
      const process = this.newProcess('worker');
      return new WorkerProcess({ ...this.#clientOptions(process), workMsMax: this.#options.workMsMax ?? 200 });
    });
  }

  /** A client that finds no NameServer does not start: like a supervisor, this starts another process then. */
  async #supervise<Client extends ShopProcess | WorkerProcess>(clients: Client[], create: () => Client): Promise<Client> {
    for (;;) {
      const client = create();
      clients.push(client);
      try {
        await client.process.whileAlive(client.start());
        return client;
      } catch (error) {
        if (!isMqError(error)) throw error;
        this.trace.note(client.process.name, `does not start: ${error.message}`);
        this.kill(client.process);
        const at = clients.indexOf(client);
        if (at >= 0) clients.splice(at, 1);
        await this.pause(1000);
      }
    }
  }

  #clientOptions(process: SimulatedProcess): Omit<ShopOptions, 'pauseMs'> {
    const { history, trace } = this;
    return { process, transport: this.#transport(process), random: this.random.fork(`${process.name} work`), history, trace };
  }

  #transport({ environment, network, host }: SimulatedProcess): Transport {
    return createTcpTransport({
      environment,
      dialer: network,
      namesrvAddr: namesrvAddresses,
      durability: 'disk',
      clientIp: host,
      processId: this.#processCount,
    });
  }

  /** Ends a process without a goodbye. */
  kill(process: SimulatedProcess, isSilent = false): void {
    if (!process.isAlive) return;
    this.history.killedAtMs.set(process.name, this.nowMs);
    process.kill(isSilent);
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.time.setTimeout(resolve, delayMs);
    });
  }

  /** Looks again and again until it holds; false when it does not in time. */
  async until(predicate: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.nowMs + limitMs;
    while (!predicate()) {
      if (this.nowMs >= endMs) return false;
      await this.pause(250);
    }
    return true;
  }

  async stop(): Promise<void> {
    for (const client of [...this.shops, ...this.workers]) if (client.process.isAlive) await client.stop();
    for (const broker of this.brokers) if (broker.process !== undefined) await this.stopBroker(broker);
    for (const { nameServer } of this.nameServers) await nameServer.stop();
  }
}
