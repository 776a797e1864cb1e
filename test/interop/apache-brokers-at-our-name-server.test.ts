/** Apache's brokers at our NameServer: both versions side by side, heartbeats of 5.x, and a slave that stands in for its master. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemEnvironment } from '@orbitmq/core/kernel';
import {
  type BrokerData,
  brokerMemberGroupHeader,
  createRequest,
  decodeBrokerMemberGroup,
  decodeRoute,
  type ExtFields,
  getRouteInfoHeader,
  RequestCode,
  type TopicRouteData,
} from '@orbitmq/protocol';
import { createRemotingClient, type RemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import { startApacheBroker } from './apache/apache-server.js';
import { type ApacheVersion, apacheMissing } from './apache/distribution.js';

const mqnamesrv = join(dirname(fileURLToPath(import.meta.url)), '../../node_modules/.bin/mqnamesrv');
const missing = apacheMissing();
const limitMs = 180_000;
/** Silence that ends a broker. It registers every 10 s at most, so only its heartbeats, one a second, keep it in the route. */
const notActiveMs = 6000;

describe.skipIf(missing !== undefined)(`Apache's brokers${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const started: Child[] = [];
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let client: RemotingClient;
  let nameServer: string;
  const brokers: Record<'old' | 'master' | 'slave', { readonly child: Child; readonly address: string }> = Object.create(null);

  const startBroker = async (version: ApacheVersion, name: string, config: Readonly<Record<string, string>>) => {
    const port = await freePort(2);
    const home = join(directory.path, name);
    mkdirSync(home);
    const child = await startApacheBroker(version, home, {
      brokerClusterName: 'DefaultCluster',
      brokerIP1: '127.0.0.1',
      brokerIP2: '127.0.0.1',
      namesrvAddr: nameServer,
      listenPort: String(port),
      haListenPort: String(port + 1),
      storePathRootDir: join(home, 'store'),
      storePathCommitLog: join(home, 'store/commitlog'),
      mappedFileSizeCommitLog: '67108864',
      ...config,
    });
    started.push(child);
    return { child, address: `127.0.0.1:${port}` };
  };

  beforeAll(async () => {
    directory = await temporaryDirectory('apache-brokers');
    const port = await freePort();
    nameServer = `127.0.0.1:${port}`;
    const configFile = join(directory.path, 'ns.conf');
    const lines = [
      `listenPort=${port}`,
      `kvConfigPath=${directory.path}/kvConfig.json`,
      'supportActingMaster=true',
      'scanNotActiveBrokerInterval=500',
    ];
    writeFileSync(configFile, `${[...lines, 'notifyMinBrokerIdChanged=true'].join('\n')}\n`);
    const ours = new Child(process.execPath, [mqnamesrv, '-c', configFile]);
    started.push(ours);
    await ours.listening(port, 30_000);
    client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
    await client.start();
    const acting = { brokerName: 'broker-a', enableSlaveActingMaster: 'true', brokerNotActiveTimeoutMillis: String(notActiveMs) };
    const [old, master, slave] = await Promise.all([
      startBroker('4.9.7', 'old', { brokerName: 'broker-old', brokerId: '0' }),
      startBroker('5.5.0', 'master', { ...acting, brokerId: '0', brokerRole: 'ASYNC_MASTER' }),
      startBroker('5.5.0', 'slave', { ...acting, brokerId: '1', brokerRole: 'SLAVE' }),
    ]);
    Object.assign(brokers, { old, master, slave });
  }, limitMs);

  afterAll(async () => {
    await client?.stop();
    for (const child of started) child.process.kill('SIGKILL');
    await Promise.all(started.map((child) => child.exited));
    await directory?.remove();
  }, limitMs);

  const ask = (code: number, extFields: ExtFields) =>
    client.invoke(nameServer, createRequest(code, { extFields }), { timeoutMs: 20_000 });
  const route = async (): Promise<TopicRouteData> => {
    const extFields = getRouteInfoHeader.encode({ topic: 'TBW102', acceptStandardJsonOnly: true });
    const { body } = await ask(RequestCode.GET_ROUTEINFO_BY_TOPIC, extFields);
    return body === undefined ? { queueDatas: [], brokerDatas: [] } : decodeRoute(body);
  };
  const addressesIn = (data: TopicRouteData): Readonly<Record<string, BrokerData['brokerAddrs']>> =>
    Object.fromEntries(data.brokerDatas.map((broker) => [broker.brokerName, { ...broker.brokerAddrs }]));
  const members = async (): Promise<BrokerData['brokerAddrs']> => {
    const extFields = brokerMemberGroupHeader.encode({ clusterName: 'DefaultCluster', brokerName: 'broker-a' });
    const { body } = await ask(RequestCode.GET_BROKER_MEMBER_GROUP, extFields);
    return { ...decodeBrokerMemberGroup(body ?? Buffer.from('{}')).brokerAddrs };
  };

  it('of both versions are in one route, master and slave; heartbeats keep those of 5.x there', {
    timeout: limitMs,
  }, async () => {
    verifies('apache-registers');
    const { old, master, slave } = brokers;
    const all = { 'broker-old': { 0: old.address }, 'broker-a': { 0: master.address, 1: slave.address } };
    await waitUntil('all three are registered', 60_000, async () => {
      return JSON.stringify(addressesIn(await route())).split('127.0.0.1').length === 4;
    });
    expect(addressesIn(await route())).toEqual(all);
    const until = performance.now() + notActiveMs + 4000;
    while (performance.now() < until) {
      expect(addressesIn(await route())).toEqual(all);
      await pause(200);
    }
    expect(await members()).toEqual({ 0: master.address, 1: slave.address });
  });

  it('when a master is killed, its slave is shown in its place, to be read only', { timeout: limitMs }, async () => {
    verifies('apache-registers');
    const { old, master, slave } = brokers;
    await master.child.kill('SIGKILL');
    const shown = await waitUntil('the master is out of the route', 30_000, async () => {
      const data = await route();
      return JSON.stringify(data).includes(`"${master.address}"`) ? undefined : data;
    });
    expect(addressesIn(shown)).toEqual({ 'broker-old': { 0: old.address }, 'broker-a': { 0: slave.address } });
    const perms = Object.fromEntries(shown.queueDatas.map((queue) => [queue.brokerName, queue.perm & 6]));
    expect(perms).toEqual({ 'broker-old': 6, 'broker-a': 4 });
    expect(await members()).toEqual({ 1: slave.address });
  });
});
