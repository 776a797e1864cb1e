import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import type { MqServer } from './mq-server.js';
import { brokerRegistered } from './registered.js';

const bins = join(dirname(fileURLToPath(import.meta.url)), '../../node_modules/.bin');

export interface OrbitServer extends MqServer {
  readonly namesrvProcess: Child;
  restartBroker(signal: 'SIGTERM' | 'SIGKILL', whileDown?: () => Promise<void>): Promise<void>;
}

/** Our stand-alone NameServer and broker, as a user starts them. */
export async function startOrbitServer(
  directory: string,
  overrides: Readonly<Record<string, string>> = {},
): Promise<OrbitServer> {
  mkdirSync(directory, { recursive: true });
  const namesrvPort = await freePort();
  const brokerPort = await freePort(2);
  writeFileSync(join(directory, 'ns.conf'), `listenPort=${namesrvPort}\nkvConfigPath=${directory}/kvConfig.json\n`);
  const config: Record<string, string> = {
    brokerName: 'broker-a',
    brokerIP1: '127.0.0.1',
    namesrvAddr: `127.0.0.1:${namesrvPort}`,
    listenPort: String(brokerPort),
    storePathRootDir: join(directory, 'store'),
    mappedFileSizeCommitLog: '67108864',
    transactionCheckInterval: '1000',
    transactionTimeOut: '1000',
    ...overrides,
  };
  writeFileSync(
    join(directory, 'broker.conf'),
    Object.entries(config)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const environment = { ...process.env, NAMESRV_ADDR: '' };
  const namesrv = new Child(process.execPath, [join(bins, 'mqnamesrv'), '-c', join(directory, 'ns.conf')], { env: environment });
  await namesrv.listening(namesrvPort, 20_000);
  const startBroker = async (): Promise<Child> => {
    const child = new Child(process.execPath, [join(bins, 'mqbroker'), '-c', join(directory, 'broker.conf')], {
      env: environment,
    });
    await child.listening(brokerPort, 20_000);
    await brokerRegistered(`127.0.0.1:${namesrvPort}`, `127.0.0.1:${brokerPort}`, 60_000);
    return child;
  };
  let broker = await startBroker();
  return {
    name: 'OrbitMQ',
    namesrvAddr: `127.0.0.1:${namesrvPort}`,
    brokerAddr: `127.0.0.1:${brokerPort}`,
    namesrvProcess: namesrv,
    get brokerProcess() {
      return broker;
    },
    async restartBroker(signal, whileDown) {
      await broker.kill(signal);
      await whileDown?.();
      broker = await startBroker();
    },
    async stop() {
      await Promise.all([broker.kill('SIGTERM'), namesrv.kill('SIGTERM')]);
    },
  };
}
