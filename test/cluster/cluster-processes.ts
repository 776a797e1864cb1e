import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brokerRegistered } from '../interop/registered.js';
import { Child } from '../support/child.js';
import type { CleanUps } from '../support/clean-ups.js';
import { freePort } from '../support/free-port.js';

const bins = join(dirname(fileURLToPath(import.meta.url)), '../../node_modules/.bin');
const startLimitMs = 30_000;

/** Writes a configuration file and returns its path. */
export function configFile(path: string, keys: Readonly<Record<string, string | number>>): string {
  mkdirSync(dirname(path), { recursive: true });
  const lines = Object.entries(keys).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(path, lines.join(''));
  return path;
}

/** One of our commands, as a user starts it. */
export function command(cleanUps: CleanUps, bin: 'mqbroker' | 'mqnamesrv', args: readonly string[]): Child {
  const env = { ...process.env, NAMESRV_ADDR: '' };
  return cleanUps.child(new Child(process.execPath, [join(bins, bin), ...args], { env }));
}

/** One broker of a cluster: it keeps its port and its directory over its lives. */
class BrokerProcess {
  readonly name: string;
  readonly port: number;
  readonly address: string;
  readonly #cleanUps: CleanUps;
  readonly #configFile: string;
  readonly #nameServers: readonly string[];
  #child: Child | undefined;

  constructor(
    cleanUps: CleanUps,
    place: { readonly name: string; readonly port: number },
    file: string,
    names: readonly string[],
  ) {
    this.name = place.name;
    this.port = place.port;
    this.address = `127.0.0.1:${place.port}`;
    this.#cleanUps = cleanUps;
    this.#configFile = file;
    this.#nameServers = names;
  }

  get output(): string {
    return this.#child?.output ?? '';
  }

  /** Resolves when every NameServer has it. */
  async start(): Promise<void> {
    this.#child = command(this.#cleanUps, 'mqbroker', ['-c', this.#configFile]);
    await this.#child.listening(this.port, startLimitMs);
    await Promise.all(this.#nameServers.map((address) => brokerRegistered(address, this.address, startLimitMs)));
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.#child?.kill(signal);
  }
}

export interface ClusterProcesses {
  readonly nameServers: readonly { readonly address: string; readonly child: Child }[];
  readonly brokers: readonly BrokerProcess[];
  /** As clients want it: joined by `;`. */
  readonly namesrvAddr: string;
}

/**
 * Two NameServers and masters of one cluster on this machine, each with the keys of Apache's `conf/2m-noslave/broker-x.properties` and what
 * several brokers on one machine need besides: a port and a directory of their own.
 */
export async function startCluster(cleanUps: CleanUps, brokerNames: readonly string[]): Promise<ClusterProcesses> {
  const directory = await cleanUps.directory('cluster');
  const nameServers = await Promise.all(
    [0, 1].map(async (index) => {
      const port = await freePort();
      const keys = { listenPort: port, kvConfigPath: `${directory}/ns${index}/kvConfig.json` };
      const child = command(cleanUps, 'mqnamesrv', ['-c', configFile(`${directory}/ns${index}/ns.conf`, keys)]);
      await child.listening(port, startLimitMs);
      return { address: `127.0.0.1:${port}`, child };
    }),
  );
  const addresses = nameServers.map(({ address }) => address);
  const brokers: BrokerProcess[] = [];
  for (const name of brokerNames) {
    const port = await freePort(2);
    const file = configFile(`${directory}/${name}/${name}.properties`, {
      brokerClusterName: 'DefaultCluster',
      brokerName: name,
      brokerId: 0,
      deleteWhen: '04',
      fileReservedTime: 48,
      brokerRole: 'ASYNC_MASTER',
      flushDiskType: 'ASYNC_FLUSH',
      namesrvAddr: addresses.join(';'),
      listenPort: port,
      storePathRootDir: `${directory}/${name}/store`,
      mappedFileSizeCommitLog: 67_108_864,
      // A machine shared with other tests is slow at times; a send refused for having waited is not what is tested here.
      brokerFastFailureEnable: 'false',
      osPageCacheBusyTimeOutMills: 20_000,
    });
    brokers.push(new BrokerProcess(cleanUps, { name, port }, file, addresses));
  }
  await Promise.all(brokers.map((broker) => broker.start()));
  return { nameServers, brokers, namesrvAddr: addresses.join(';') };
}
