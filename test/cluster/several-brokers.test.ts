/** Several masters on one machine, as their operator starts them. */
import { existsSync, readFileSync } from 'node:fs';
import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, decodeRoute, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { afterEach, expect, test } from 'vitest';
import { ended } from '../support/broker-process.js';
import { CleanUps } from '../support/clean-ups.js';
import { freePort } from '../support/free-port.js';
import { hasProcessFacts } from '../support/process-facts.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import { command, configFile, startCluster } from './cluster-processes.js';

const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

/** What Apache's distributions have in `conf`, of both versions; their brokers stand on machines of their own. */
const apachesFiles: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '2m-noslave/broker-a.properties': { brokerName: 'broker-a' },
  '2m-noslave/broker-b.properties': { brokerName: 'broker-b' },
  '2m-noslave/broker-trace.properties': { brokerName: 'broker-trace' },
};
const apachesKeys = {
  brokerClusterName: 'DefaultCluster',
  brokerId: '0',
  deleteWhen: '04',
  fileReservedTime: '48',
  brokerRole: 'ASYNC_MASTER',
  flushDiskType: 'ASYNC_FLUSH',
};

/** Local addresses on which this machine listens at a port, as the kernel writes them. */
function listeningAt(port: number): readonly string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/net/${name}`, 'latin1').split('\n'));
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return fields.filter(([, local = '', , state]) => local.endsWith(wanted) && state === '0A').map(([, local = '']) => local);
}

test('the files of Apache’s 2m-noslave are taken as they are, without a word', async () => {
  verifies('multi-master');
  const directory = await cleanUps.directory('apaches-files');
  const files = Object.entries(apachesFiles).map(async ([file, names]) => {
    const path = configFile(`${directory}/${file}`, { ...apachesKeys, ...names });
    const { status, output } = await ended(command(cleanUps, 'mqbroker', ['-c', path, '-p']));
    const printed = Object.fromEntries(output.split('\n').map((line) => line.split('=')));
    expect([status, output.includes('WARN')]).toEqual([0, false]);
    expect(printed).toMatchObject({ ...apachesKeys, ...names });
  });
  await Promise.all(files);
});

test('two masters of a cluster are in one route of both NameServers, and say who can reach them', async () => {
  verifies('multi-master', 'loopback-only');
  const { brokers, nameServers } = await startCluster(cleanUps, ['broker-a', 'broker-b']);
  const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  cleanUps.add(() => client.stop());
  for (const { address } of nameServers) {
    const request = createRequest(RequestCode.GET_ROUTEINFO_BY_TOPIC, { extFields: { topic: 'TBW102' } });
    const answer = await client.invoke(address, request, { timeoutMs: 5000 });
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    const { brokerDatas, queueDatas } = decodeRoute(answer.body ?? Buffer.alloc(0));
    expect(Object.fromEntries(brokerDatas.map((data) => [data.brokerName, { ...data.brokerAddrs }]))).toEqual(
      Object.fromEntries(brokers.map((broker) => [broker.name, { 0: broker.address }])),
    );
    expect(queueDatas.map(({ brokerName }) => brokerName).toSorted()).toEqual(brokers.map(({ name }) => name));
  }
  for (const broker of brokers) {
    expect(broker.output).toContain('Only this machine can connect: set brokerIP1 to be reached from others');
    expect(broker.output).toContain(`The broker[${broker.name}, 127.0.0.1:${broker.port}] boot success`);
    if (!hasProcessFacts) continue;
    for (const port of [broker.port, broker.port - 2]) expect(listeningAt(port)).toEqual([expect.stringMatching(/^0100007F:/)]);
  }
});

test('with a configured address that one is listened on, and nothing is said of this machine only', async () => {
  verifies('loopback-only');
  const directory = await cleanUps.directory('address');
  const port = await freePort(2);
  const keys = { brokerName: 'broker-a', bindAddress: '0.0.0.0', brokerIP1: '127.0.0.1', listenPort: port };
  const store = { storePathRootDir: `${directory}/store`, mappedFileSizeCommitLog: 1_048_576 };
  const broker = command(cleanUps, 'mqbroker', ['-c', configFile(`${directory}/broker.conf`, { ...keys, ...store })]);
  await waitUntil(`the broker is ready\n${broker.output}`, 20_000, () => broker.output.includes('boot success'));
  expect(broker.output).not.toContain('Only this machine');
  if (hasProcessFacts) expect(listeningAt(port)).toEqual([expect.stringMatching(/^00000000:/)]);
});

test('a second broker that would share a port with the first one says which, and leaves no trace of itself', async () => {
  verifies('multi-master');
  const directory = await cleanUps.directory('second');
  const taken = await freePort(2);
  const keysOf = (name: string, listenPort: number) => ({
    brokerName: name,
    listenPort,
    storePathRootDir: `${directory}/${name}/store`,
    mappedFileSizeCommitLog: 1_048_576,
  });
  const started = (name: string, listenPort: number) =>
    command(cleanUps, 'mqbroker', ['-c', configFile(`${directory}/${name}.conf`, keysOf(name, listenPort))]);
  await started('broker-a', taken).listening(taken, 20_000);
  // The fast port of the last one is the first one's port: so collide brokers of one machine whose ports look different.
  const others = [taken, taken + 2].map(async (port, index) => {
    const name = `broker-${index}`;
    const { status, output } = await ended(started(name, port));
    expect([status, output]).toEqual([253, expect.stringContaining(`ADDRESS_IN_USE: Port ${taken} on 127.0.0.1`)]);
    expect(existsSync(`${directory}/${name}/store/abort`)).toBe(false);
  });
  await Promise.all(others);
});
