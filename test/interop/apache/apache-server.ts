import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '../../support/child.js';
import { freePort } from '../../support/free-port.js';
import type { MqServer } from '../mq-server.js';
import { brokerRegistered } from '../registered.js';
import { type ApacheVersion, apacheClassPath, endingWithUs, javaFlags, quickFlags } from './distribution.js';

/** A few seconds, on a machine that has nothing else to do. */
const startLimitMs = 120_000;
const logback = '<configuration><root level="WARN"/></configuration>';

function java(version: ApacheVersion, home: string, mainClass: string, args: readonly string[], flags: readonly string[]): Child {
  const heap = ['-Xms512m', '-Xmx512m', '-XX:MaxDirectMemorySize=1g', `-Duser.home=${home}`, ...flags];
  const command = ['java', ...javaFlags, ...heap, '-cp', apacheClassPath(version), mainClass, ...args];
  const [program = 'java', ...words] = [...endingWithUs(), ...command];
  return new Child(program, words, {
    env: { ...process.env, ROCKETMQ_HOME: home, NAMESRV_ADDR: '' },
  });
}

/** Waits for the port; a process that does not come that far is not left behind. */
async function listening(child: Child, port: number): Promise<Child> {
  try {
    await child.listening(port, startLimitMs);
    return child;
  } catch (error) {
    child.process.kill('SIGKILL');
    throw error;
  }
}

/** Apache's own NameServer, with `kvConfig.json` in `directory`; resolves when it listens. */
export async function startNameServer(
  version: ApacheVersion,
  directory: string,
  port: number,
  flags: readonly string[] = quickFlags,
): Promise<Child> {
  mkdirSync(join(directory, 'conf'), { recursive: true });
  for (const name of ['namesrv', 'broker', 'tools']) writeFileSync(join(directory, `conf/logback_${name}.xml`), logback);
  const configFile = join(directory, 'ns.conf');
  writeFileSync(
    configFile,
    `listenPort=${port}\nkvConfigPath=${directory}/kvConfig.json\nconfigStorePath=${directory}/namesrv.properties\n`,
  );
  const namesrv = java(version, directory, 'org.apache.rocketmq.namesrv.NamesrvStartup', ['-c', configFile], flags);
  return listening(namesrv, port);
}

/** Apache's broker alone, on `directory`, with this configuration; resolves when it listens. */
export async function startApacheBroker(
  version: ApacheVersion,
  directory: string,
  config: Readonly<Record<string, string>>,
  flags: readonly string[] = quickFlags,
): Promise<Child> {
  mkdirSync(join(directory, 'conf'), { recursive: true });
  writeFileSync(join(directory, 'conf/logback_broker.xml'), logback);
  const configFile = join(directory, 'broker.conf');
  const lines = Object.entries(config).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(configFile, lines.join(''));
  const child = java(version, directory, 'org.apache.rocketmq.broker.BrokerStartup', ['-c', configFile], flags);
  return listening(child, Number(config['listenPort']));
}

/** Apache's own NameServer and broker, one of each, in `directory`. */
export async function startApacheServer(
  version: ApacheVersion,
  directory: string,
  overrides: Readonly<Record<string, string>> = {},
  options: {
    readonly namesrvPort?: number;
    readonly brokerPort?: number;
    readonly registerAt?: string;
    /** Of the JVMs; by default those for short lives. */
    readonly flags?: readonly string[];
  } = {},
): Promise<MqServer> {
  const namesrvPort = options.namesrvPort ?? (await freePort());
  const brokerPort = options.brokerPort ?? (await freePort(2));
  const config: Record<string, string> = {
    brokerClusterName: 'DefaultCluster',
    brokerName: 'broker-a',
    brokerId: '0',
    brokerIP1: '127.0.0.1',
    brokerIP2: '127.0.0.1',
    namesrvAddr: options.registerAt ?? `127.0.0.1:${namesrvPort}`,
    listenPort: String(brokerPort),
    haListenPort: String(brokerPort + 1),
    storePathRootDir: join(directory, 'store'),
    storePathCommitLog: join(directory, 'store/commitlog'),
    mappedFileSizeCommitLog: '67108864',
    autoCreateTopicEnable: 'true',
    transactionCheckInterval: '1000',
    transactionTimeOut: '3000',
    // 5.x writes decisions in batches; a check round within that time would ask about what is already decided.
    transactionOpBatchInterval: '200',
    // A machine shared with other tests is slow at times; a send refused for having waited 200 ms is not what is tested here.
    brokerFastFailureEnable: 'false',
    ...overrides,
  };
  const namesrv = await startNameServer(version, directory, namesrvPort, options.flags);
  const startBroker = async (): Promise<Child> => {
    const child = await startApacheBroker(version, directory, config, options.flags);
    try {
      await brokerRegistered(`127.0.0.1:${namesrvPort}`, `127.0.0.1:${brokerPort}`, 60_000);
    } catch (error) {
      child.process.kill('SIGKILL');
      throw error;
    }
    return child;
  };
  let broker = await startBroker().catch((error: unknown) => {
    namesrv.process.kill('SIGKILL');
    throw error;
  });
  return {
    name: `Apache ${version}`,
    namesrvAddr: `127.0.0.1:${namesrvPort}`,
    brokerAddr: `127.0.0.1:${brokerPort}`,
    get brokerProcess() {
      return broker;
    },
    async restartBroker(signal) {
      await broker.kill(signal, 60_000);
      broker = await startBroker();
    },
    async stop() {
      await Promise.all([broker.kill('SIGKILL'), namesrv.kill('SIGKILL')]);
    },
  };
}
