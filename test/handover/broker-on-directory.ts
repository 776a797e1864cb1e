import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ApacheVersion, apacheClassPath, javaFlags, quickFlags } from '../interop/apache/distribution.js';
import { Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';

export type BrokerKind = 'OrbitMQ' | ApacheVersion;

const mqbroker = join(dirname(fileURLToPath(import.meta.url)), '../../node_modules/.bin/mqbroker');
const logback = '<configuration><root level="WARN"/></configuration>';
const startLimitMs = 180_000;
const stopLimitMs = 60_000;

/** Small files, so that a few hundred messages roll them; short intervals, so that a test need not wait for them. */
const sharedConfig: Readonly<Record<string, string>> = {
  brokerClusterName: 'DefaultCluster',
  brokerName: 'broker-a',
  brokerId: '0',
  brokerIP1: '127.0.0.1',
  brokerIP2: '127.0.0.1',
  mappedFileSizeCommitLog: '262144',
  mappedFileSizeConsumeQueue: '2000',
  maxHashSlotNum: '64',
  maxIndexNum: '400',
  maxMessageSize: '65536',
  flushConsumerOffsetInterval: '500',
  flushDelayOffsetInterval: '500',
  transactionCheckInterval: '1000',
  transactionTimeOut: '1000',
  // A slow machine lets many rounds of checks pass before the next broker serves.
  transactionCheckMax: '1000',
};

/** What only Apache's brokers know. */
const apacheConfig: Readonly<Record<string, string>> = {
  transactionOpBatchInterval: '200',
  brokerFastFailureEnable: 'false',
};

export interface BrokerOnDirectory {
  readonly kind: BrokerKind;
  readonly address: string;
  readonly process: Child;
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface BrokerOnDirectoryOptions {
  /** The store is `<directory>/store`. */
  readonly directory: string;
  readonly config?: Readonly<Record<string, string>>;
  /** Default: one that is free. */
  readonly port?: number;
  /** More words for OrbitMQ's command, as `--repair`. */
  readonly args?: readonly string[];
  /** Told of the process as soon as there is one, whether it comes to serve or not. */
  readonly onProcess?: (child: Child) => void;
}

/** The broker's process on a directory, without a NameServer; not yet awaited. */
export async function runBrokerOn(
  kind: BrokerKind,
  options: BrokerOnDirectoryOptions,
): Promise<{ readonly child: Child; readonly port: number }> {
  const { directory } = options;
  const port = options.port ?? (await freePort(2));
  mkdirSync(join(directory, 'conf'), { recursive: true });
  const config: Readonly<Record<string, string>> = {
    ...sharedConfig,
    ...(kind === 'OrbitMQ' ? {} : apacheConfig),
    listenPort: String(port),
    haListenPort: String(port + 1),
    storePathRootDir: join(directory, 'store'),
    storePathCommitLog: join(directory, 'store/commitlog'),
    ...options.config,
  };
  const file = join(directory, 'broker.conf');
  const lines = Object.entries(config).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(file, lines.join(''));
  if (kind === 'OrbitMQ') {
    const command = [mqbroker, '-c', file, ...(options.args ?? [])];
    return { port, child: new Child(process.execPath, command, { env: { ...process.env, NAMESRV_ADDR: '' } }) };
  }
  for (const name of ['namesrv', 'broker', 'tools']) writeFileSync(join(directory, `conf/logback_${name}.xml`), logback);
  const flags = [...quickFlags, '-Xms256m', '-Xmx256m', '-XX:MaxDirectMemorySize=512m', `-Duser.home=${directory}`];
  const main = ['org.apache.rocketmq.broker.BrokerStartup', '-c', file];
  // 4.9 does not start with an empty one.
  const { NAMESRV_ADDR: _unused, ...environment } = process.env;
  const env = { ...environment, ROCKETMQ_HOME: directory };
  return { port, child: new Child('java', [...javaFlags, ...flags, '-cp', apacheClassPath(kind), ...main], { env }) };
}

/** The same, serving. */
export async function startBrokerOn(kind: BrokerKind, options: BrokerOnDirectoryOptions): Promise<BrokerOnDirectory> {
  const { child, port } = await runBrokerOn(kind, options);
  options.onProcess?.(child);
  await child.listening(port, startLimitMs);
  return {
    kind,
    address: `127.0.0.1:${port}`,
    process: child,
    stop: async (signal) => {
      const exit = await child.kill(signal, stopLimitMs);
      // A JVM that runs its shutdown hooks says 143.
      const isInOrder = signal === 'SIGKILL' || exit === 0 || exit === 143;
      if (!isInOrder) throw new Error(`${kind} ended with ${exit}:\n${child.output}`);
    },
  };
}
