/** A NameServer and brokers as a user starts them, each broker with a monitor inside that says how it fares. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brokerRegistered } from '../../interop/registered.js';
import { runBroker } from '../../support/broker-process.js';
import { Child } from '../../support/child.js';
import { freePort } from '../../support/free-port.js';

const here = dirname(fileURLToPath(import.meta.url));
const mqnamesrv = join(here, '../../../node_modules/.bin/mqnamesrv');
const monitor = pathToFileURL(join(here, 'loop-monitor.mjs')).href;
const startLimitMs = 60_000;

/** A second of a broker's life. */
export interface BrokerFigures {
  readonly pid: number;
  /** Seconds that this process lives. */
  readonly lines: number;
  readonly rssBytes: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of the process so far. */
  readonly lifeP99Ms: number;
}

export class BrokerSet {
  readonly namesrvAddr: string;
  readonly brokers: readonly BrokerHandle[];
  readonly #namesrv: Child;

  private constructor(namesrvAddr: string, namesrv: Child, brokers: readonly BrokerHandle[]) {
    this.namesrvAddr = namesrvAddr;
    this.#namesrv = namesrv;
    this.brokers = brokers;
  }

  static async start(
    directory: string,
    names: readonly string[],
    config: Readonly<Record<string, string>>,
    nodeFlags: readonly string[],
  ): Promise<BrokerSet> {
    mkdirSync(directory, { recursive: true });
    const port = await freePort();
    const file = join(directory, 'ns.conf');
    writeFileSync(file, `listenPort=${port}\nkvConfigPath=${directory}/kvConfig.json\n`);
    const namesrv = new Child(process.execPath, [mqnamesrv, '-c', file], { env: { ...process.env, NAMESRV_ADDR: '' } });
    await namesrv.listening(port, startLimitMs);
    const namesrvAddr = `127.0.0.1:${port}`;
    const brokers: BrokerHandle[] = [];
    for (const brokerName of names) {
      const broker = new BrokerHandle({
        brokerName,
        port: await freePort(2),
        directory: join(directory, brokerName),
        namesrvAddr,
        config,
        nodeFlags,
      });
      await broker.start();
      brokers.push(broker);
    }
    return new BrokerSet(namesrvAddr, namesrv, brokers);
  }

  async stop(): Promise<void> {
    for (const broker of this.brokers) await broker.end('SIGTERM');
    await this.#namesrv.kill('SIGTERM');
  }
}

interface BrokerHandleOptions {
  readonly brokerName: string;
  readonly port: number;
  readonly directory: string;
  readonly namesrvAddr: string;
  readonly config: Readonly<Record<string, string>>;
  readonly nodeFlags: readonly string[];
}

export class BrokerHandle {
  readonly brokerName: string;
  readonly address: string;
  readonly #options: BrokerHandleOptions;
  readonly #figuresFile: string;
  #child: Child | undefined;

  constructor(options: BrokerHandleOptions) {
    this.#options = options;
    this.brokerName = options.brokerName;
    this.address = `127.0.0.1:${options.port}`;
    mkdirSync(options.directory, { recursive: true });
    this.#figuresFile = join(options.directory, 'figures.jsonl');
  }

  /** What it said before it ended by itself; undefined: it runs, or was ended. */
  get complaint(): string | undefined {
    return this.#child?.exit === undefined ? undefined : `${this.brokerName} ended (${this.#child.exit}): ${this.#child.output}`;
  }

  async start(): Promise<void> {
    const { brokerName, config, directory, namesrvAddr, nodeFlags, port } = this.#options;
    const child = runBroker({
      directory,
      port,
      config: { brokerName, namesrvAddr, ...config },
      nodeFlags: [...nodeFlags, '--import', monitor],
      env: { LOOP_MONITOR_FILE: this.#figuresFile },
    });
    this.#child = child;
    await child.listening(port, startLimitMs);
    await brokerRegistered(namesrvAddr, this.address, startLimitMs);
  }

  /** Ends it; the process is nobody's any more. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string | undefined> {
    const child = this.#child;
    if (child?.exit !== undefined) return undefined;
    this.#child = undefined;
    return child?.kill(signal);
  }

  figures(): readonly BrokerFigures[] {
    const lines = readFileSync(this.#figuresFile, 'utf8').split('\n');
    // A line may be cut off by a kill.
    return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as BrokerFigures);
  }
}
