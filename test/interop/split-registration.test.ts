/** A broker whose table does not fit one registration, at Apache's NameServers: every part has to be taken, and every change. */
import { join } from 'node:path';
import { createBroker, defaultBrokerConfig, MemoryFileSystem } from '@orbitmq/broker';
import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, decodeRoute, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { waitUntil } from '../support/wait-until.js';
import { startNameServer } from './apache/apache-server.js';
import { apacheMissing, apacheVersions } from './apache/distribution.js';
import { brokerRegistered } from './registered.js';

const missing = apacheMissing();
const limitMs = 180_000;
const topics = Array.from({ length: 10 }, (_, n) => `split-${n}`);

describe.skipIf(missing !== undefined)(`a registration in parts${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const environment = systemEnvironment();
  const network = tcpNetwork();
  const client = createRemotingClient({ environment, dialer: network });
  const nameServers: Child[] = [];
  const addresses: string[] = [];
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let broker: ReturnType<typeof createBroker>;

  beforeAll(async () => {
    directory = await temporaryDirectory('split-registration');
    await client.start();
    for (const version of apacheVersions) {
      const port = await freePort();
      addresses.push(`127.0.0.1:${port}`);
      nameServers.push(await startNameServer(version, join(directory.path, version), port));
    }
    const config = {
      ...defaultBrokerConfig,
      brokerName: 'broker-a',
      storePathRootDir: '/store',
      mappedFileSizeCommitLog: 1_048_576,
      namesrvAddr: addresses.join(';'),
      listenPort: await freePort(2),
      enableSplitRegistration: true,
      splitRegistrationSize: 4,
    };
    broker = createBroker({ environment, network, fileSystem: new MemoryFileSystem(), config });
    await broker.start();
    for (const address of addresses) await brokerRegistered(address, broker.address, 60_000);
  }, limitMs);

  afterAll(async () => {
    await broker?.stop();
    await client.stop();
    await Promise.all(nameServers.map((child) => child.kill('SIGKILL')));
    await directory?.remove();
  }, limitMs);

  const create = async (topic: string, queueNums: number): Promise<void> => {
    const nums = String(queueNums);
    const extFields = { topic, defaultTopic: 'TBW102', readQueueNums: nums, writeQueueNums: nums, perm: '6' };
    const request = createRequest(RequestCode.UPDATE_AND_CREATE_TOPIC, { extFields });
    expect((await client.invoke(broker.address, request, { timeoutMs: 10_000 })).code).toBe(ResponseCode.SUCCESS);
  };

  const queueNums = async (address: string, topic: string): Promise<number> => {
    const request = createRequest(RequestCode.GET_ROUTEINFO_BY_TOPIC, { extFields: { topic, acceptStandardJsonOnly: 'true' } });
    const answer = await client.invoke(address, request, { timeoutMs: 10_000 });
    if (answer.code !== ResponseCode.SUCCESS || answer.body === undefined) return 0;
    return decodeRoute(answer.body).queueDatas[0]?.writeQueueNums ?? 0;
  };

  it('makes every topic known, and the change of one in the first part and of one in the last', {
    timeout: limitMs,
  }, async () => {
    for (const topic of topics) await create(topic, 3);
    await create('split-0', 7);
    await create('split-9', 7);
    for (const address of addresses) {
      await waitUntil(`${address} has all parts`, 30_000, async () => (await queueNums(address, 'split-9')) === 7);
      const known = await Promise.all(['TBW102', 'SELF_TEST_TOPIC', ...topics].map((topic) => queueNums(address, topic)));
      expect(known).toEqual([8, 1, 7, 3, 3, 3, 3, 3, 3, 3, 3, 7]);
    }
  });
});
