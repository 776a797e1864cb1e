import {
  type BrokerConfig,
  createBroker,
  createNameServer,
  defaultBrokerConfig,
  defaultNamesrvConfig,
  type FileSystem,
} from '@orbitmq/broker';
import { silentLogger, systemEnvironment } from '@orbitmq/core/kernel';
import { tcpNetwork } from '@orbitmq/remoting';
import type { CleanUps } from './clean-ups.js';
import { freePort } from './free-port.js';

export interface LocalServer {
  readonly url: string;
  readonly brokerAddr: string;
}

/** NameServer and broker in this process, on real sockets, with a disk of the test's making. */
export async function startLocalServer(
  cleanUps: CleanUps,
  fileSystem: FileSystem,
  config: Partial<BrokerConfig>,
): Promise<LocalServer> {
  const environment = systemEnvironment(silentLogger);
  const network = tcpNetwork();
  const directory = await cleanUps.directory('local-server');
  const listenPort = await freePort();
  const nameServer = createNameServer({ environment, network, config: { ...defaultNamesrvConfig, listenPort } });
  await nameServer.start();
  cleanUps.add(() => nameServer.stop({ deadlineMs: 0 }));
  const namesrvAddr = `127.0.0.1:${nameServer.port}`;
  const broker = createBroker({
    environment,
    network,
    fileSystem,
    config: {
      ...defaultBrokerConfig,
      brokerName: 'broker-a',
      namesrvAddr,
      listenPort: await freePort(2),
      storePathRootDir: `${directory}/store`,
      storePathCommitLog: `${directory}/store/commitlog`,
      mappedFileSizeCommitLog: 16 * 1024 * 1024,
      ...config,
    },
  });
  await broker.start();
  cleanUps.add(() => broker.stop());
  return { url: `rocketmq://${namesrvAddr}`, brokerAddr: broker.address };
}
