import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '../../support/child.js';
import { freePort } from '../../support/free-port.js';
import type { MqServer } from '../mq-server.js';
import { brokerRegistered } from '../registered.js';
import { type ApacheVersion, apacheClassPath, javaFlags } from './distribution.js';

const logback = '<configuration><root level="WARN"/></configuration>';

function java(
  version: ApacheVersion,
  home: string,
  mainClass: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Child {
  const heap = ['-Xms512m', '-Xmx512m', '-XX:MaxDirectMemorySize=1g', `-Duser.home=${home}`, ...flags];
  return new Child('java', [...javaFlags, ...heap, '-cp', apacheClassPath(version), mainClass, ...args], {
    env: { ...process.env, ROCKETMQ_HOME: home, NAMESRV_ADDR: '' },
  });
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
    readonly flags?: readonly string[];
  } = {},
): Promise<MqServer> {
  mkdirSync(join(directory, 'conf'), { recursive: true });
  for (const name of ['namesrv', 'broker', 'tools']) writeFileSync(join(directory, `conf/logback_${name}.xml`), logback);
  const namesrvPort = options.namesrvPort ?? (await freePort());
  const brokerPort = options.brokerPort ?? (await freePort(2));
  writeFileSync(
    join(directory, 'ns.conf'),
    `listenPort=${namesrvPort}\nkvConfigPath=${directory}/kvConfig.json\nconfigStorePath=${directory}/namesrv.properties\n`,
  );
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
  writeFileSync(
    join(directory, 'broker.conf'),
    Object.entries(config)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );

  const namesrv = java(
    version,
    directory,
    'org.apache.rocketmq.namesrv.NamesrvStartup',
    ['-c', join(directory, 'ns.conf')],
    options.flags,
  );
  await namesrv.listening(namesrvPort, 60_000);
  const startBroker = async (): Promise<Child> => {
    const child = java(
      version,
      directory,
      'org.apache.rocketmq.broker.BrokerStartup',
      ['-c', join(directory, 'broker.conf')],
      options.flags,
    );
    await child.listening(brokerPort, 60_000);
    await brokerRegistered(`127.0.0.1:${namesrvPort}`, `127.0.0.1:${brokerPort}`, 60_000);
    return child;
  };
  let broker = await startBroker();
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
