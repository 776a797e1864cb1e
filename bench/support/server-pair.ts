import { join } from 'node:path';
import { startApacheServer } from '../../test/interop/apache/apache-server.js';
import type { ApacheVersion } from '../../test/interop/apache/distribution.js';
import type { MqServer } from '../../test/interop/mq-server.js';
import { startOrbitServer } from '../../test/interop/orbit-server.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';

/** A broker under measurement and where it stores. */
export interface MeasuredServer extends MqServer {
  readonly directory: string;
  readonly store: string;
}

export interface ServerPair {
  /** Ours, then Apache's if it is wanted. */
  readonly servers: readonly MeasuredServer[];
  stop(): Promise<void>;
}

export interface ServerPairOptions {
  readonly version: string;
  readonly oursOnly: boolean;
  /** Settings of both. */
  readonly config: Readonly<Record<string, string>>;
  /** Settings of ours alone, over those. */
  readonly ourConfig?: Readonly<Record<string, string>>;
}

/** What Apache needs so that it does not refuse a benchmark's load. */
const apacheConfig = { brokerFastFailureEnable: 'true', waitTimeMillsInSendQueue: '5000', sendMessageThreadPoolNums: '2' };

export async function startServerPair(options: ServerPairOptions): Promise<ServerPair> {
  const directories = await Promise.all([temporaryDirectory('bench-ours'), temporaryDirectory('bench-theirs')]);
  const place = (index: 0 | 1) => ({ directory: directories[index].path, store: join(directories[index].path, 'store') });
  const ours = await startOrbitServer(place(0).directory, { ...options.config, ...options.ourConfig });
  const servers: MeasuredServer[] = [measured(ours, place(0))];
  if (!options.oursOnly) {
    const version = options.version as ApacheVersion;
    servers.push(
      measured(
        await startApacheServer(version, place(1).directory, { ...options.config, ...apacheConfig }, { flags: [] }),
        place(1),
      ),
    );
  }
  return {
    servers,
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
      await Promise.all(directories.map((directory) => directory.remove()));
    },
  };
}

/** The broker's process changes with a restart, so it is looked up each time. */
function measured(server: MqServer, place: { readonly directory: string; readonly store: string }): MeasuredServer {
  return {
    ...place,
    name: server.name,
    namesrvAddr: server.namesrvAddr,
    brokerAddr: server.brokerAddr,
    get brokerProcess() {
      return server.brokerProcess;
    },
    restartBroker: (signal) => server.restartBroker(signal),
    stop: () => server.stop(),
  };
}

export function pidOf(server: MqServer): number {
  const { pid } = server.brokerProcess.process;
  if (pid === undefined) throw new Error(`${server.name} has no process`);
  return pid;
}

export function portOf(server: MqServer): number {
  return Number(server.brokerAddr.split(':')[1]);
}

/** Runs `work` while all other brokers of the pair stand still. */
export async function alone<T>(server: MqServer, servers: readonly MqServer[], work: () => Promise<T>): Promise<T> {
  const others = servers.filter((other) => other !== server);
  for (const other of others) other.brokerProcess.process.kill('SIGSTOP');
  try {
    return await work();
  } finally {
    for (const other of others) other.brokerProcess.process.kill('SIGCONT');
  }
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
