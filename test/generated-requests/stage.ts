/**
 * Where a sequence of requests plays: a NameServer and a broker with its files, on virtual time, and as many clients as a
 * sequence wants, all from one seed. The broker can be stopped and killed, and starts again on what its disk has.
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
import type { ByteStream, Network } from '@orbitmq/remoting';
import { SeededRandom } from '@orbitmq/testing';
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { SimulatedNetwork } from '../simulation/simulated-network.js';
import { SimulatedProcess } from '../simulation/simulated-process.js';
import { Trace } from '../simulation/trace.js';
import { MeteredTime } from './metered-time.js';
import { WireClient } from './wire-client.js';

const brokerHost = '10.0.1.1';
const namesrvHost = '10.0.0.1';
const root = '/data';
const configFile = `${root}/broker.conf`;
const namesrvAddr = `${namesrvHost}:9876`;
const brokerPort = 10_911;

/** `fast`: the broker's second port, which refuses pulls. */
export type Target = 'broker' | 'fast' | 'namesrv';

const addresses: Readonly<Record<Target, string>> = {
  broker: `${brokerHost}:${brokerPort}`,
  fast: `${brokerHost}:${brokerPort - 2}`,
  namesrv: namesrvAddr,
};

export const stageConfig: BrokerConfig = {
  ...defaultBrokerConfig,
  brokerName: 'broker-a',
  namesrvAddr,
  listenPort: brokerPort,
  bindAddress: brokerHost,
  brokerIP1: brokerHost,
  brokerIP2: brokerHost,
  storePathRootDir: `${root}/store`,
  storePathCommitLog: `${root}/store/commitlog`,
  // Small files, so that a few messages fill several.
  mappedFileSizeCommitLog: 65_536,
  mappedFileSizeConsumeQueue: 200,
  maxHashSlotNum: 16,
  maxIndexNum: 40,
  maxMessageSize: 16_384,
  defaultTopicQueueNums: 4,
  transactionTimeOut: 3000,
  transactionCheckInterval: 5000,
  transactionCheckMax: 2,
  enablePropertyFilter: true,
};

export class Stage {
  readonly time = new MeteredTime();
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  /** What went wrong with the processes themselves. */
  readonly problems: string[] = [];
  disk: SimulatedDisk;
  /** Connections as the brokers and the NameServer see them. */
  readonly #accepted: WeakRef<ByteStream>[] = [];
  readonly #trace: Trace;
  #broker: Broker | undefined;
  #brokerProcess: SimulatedProcess | undefined;
  #nameServer: NameServer | undefined;
  #processCount = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    const { random, time } = this;
    this.#trace = new Trace(time, { keepLines: false });
    this.network = new SimulatedNetwork({
      clock: time,
      timers: time,
      random: random.fork('network'),
      latencyMs: { min: 0, max: 1 },
    });
    this.disk = new SimulatedDisk({ timers: time, random: random.fork('disk'), latencyMs: { min: 0, max: 1 } });
  }

  async start(): Promise<void> {
    const { environment, network: plainNetwork } = this.#process('namesrv', namesrvHost);
    const network = this.#watched(plainNetwork);
    this.#nameServer = createNameServer({ environment, network, config: { ...defaultNamesrvConfig, bindAddress: namesrvHost } });
    await this.#nameServer.start();
    await this.disk.makeDirectory(root);
    const text = Object.entries(stageConfig).map(([key, value]) => `${key}=${String(value)}\n`);
    await this.disk.writeFileAtomically(configFile, Buffer.from(text.join('')));
    await this.startBroker();
  }

  async startBroker(config: BrokerConfig = stageConfig): Promise<void> {
    const process = this.#process('broker', brokerHost);
    const { environment } = process;
    const network = this.#watched(process.network);
    const broker = createBroker({ environment, network, fileSystem: this.disk, config, configFile });
    this.#broker = broker;
    this.#brokerProcess = process;
    void broker.failed.then((error) => this.problems.push(`the store failed: ${String(error)}`));
    await broker.start();
  }

  /** Ends the broker and leaves it so. */
  async endBroker(how: 'stop' | 'kill'): Promise<void> {
    const process = this.#brokerProcess;
    if (how === 'stop') await this.#broker?.stop();
    process?.kill(false);
    if (how === 'kill') this.disk = this.disk.crash('everything');
    this.#broker = undefined;
    this.#brokerProcess = undefined;
  }

  /** A connection of a host that is no other's. */
  async connect(target: Target, answersRelays: boolean): Promise<WireClient> {
    this.#processCount += 1;
    const dialer = this.network.host(`10.0.2.${1 + (this.#processCount % 250)}`);
    return new WireClient(await dialer.dial(addresses[target], { timeoutMs: 3000 }), answersRelays);
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.time.setTimeout(resolve, delayMs);
    });
  }

  /** False when the work did not end in time; its error is the caller's. */
  async isDoneWithin(limitMs: number, work: Promise<unknown>): Promise<boolean> {
    let isLate = false;
    let stopWaiting = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      const timer = this.time.setTimeout(() => {
        isLate = true;
        resolve();
      }, limitMs);
      stopWaiting = () => timer.cancel();
    });
    await Promise.race([work, late]);
    stopWaiting();
    return !isLate;
  }

  async stopNameServer(): Promise<void> {
    await this.#nameServer?.stop();
  }

  /** Accepted connections that something still holds, after garbage was collected. */
  get heldConnectionCount(): number {
    return this.#accepted.filter((reference) => reference.deref() !== undefined).length;
  }

  #watched(network: Network): Network {
    return {
      dial: (address, options) => network.dial(address, options),
      listen: (options, onConnection) =>
        network.listen(options, (stream) => {
          this.#accepted.push(new WeakRef(stream));
          onConnection(stream);
        }),
    };
  }

  #process(kind: string, host: string): SimulatedProcess {
    this.#processCount += 1;
    const { network, random, time } = this;
    const trace = this.#trace;
    return new SimulatedProcess({
      name: `${kind}-${this.#processCount}`,
      host,
      time,
      network,
      random,
      trace,
      machineClock: { offsetMs: 0 },
    });
  }
}
