/** Two brokers that their operator gave the same name and id: what the NameServers of both versions and ours make of them, step by step. */
import { systemEnvironment } from '@orbitmq/core/kernel';
import {
  createRequest,
  decodeRoute,
  encodeRegisterBrokerBody,
  maskedCrc32,
  RequestCode,
  registerBrokerHeader,
  unregisterBrokerHeader,
} from '@orbitmq/protocol';
import { createRemotingClient, type RemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { command, configFile } from '../cluster/cluster-processes.js';
import { CleanUps } from '../support/clean-ups.js';
import { freePort } from '../support/free-port.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import { startNameServer } from './apache/apache-server.js';
import { apacheMissing, quickFlags } from './apache/distribution.js';

const limitMs = 120_000;
const missing = apacheMissing();
const cleanUps = new CleanUps();
const makes = ['4.9.7', '5.5.0', 'ours'] as const;
type Make = (typeof makes)[number];

const first = '10.0.0.1:10911';
const second = '10.0.0.2:10911';
const identity = { brokerName: 'broker-twice', clusterName: 'DefaultCluster', brokerId: 0 };

interface Registration {
  readonly brokerAddr: string;
  readonly topics: readonly string[];
  readonly stateVersion?: number;
  readonly counter?: number;
}

async function connect(): Promise<RemotingClient> {
  const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  cleanUps.add(() => client.stop({ deadlineMs: 0 }));
  return client;
}

/** One NameServer, with a connection of each broker and one of somebody who looks. */
class Ground {
  readonly steps: Record<string, unknown> = {};
  readonly #address: string;
  readonly #clients: Readonly<Record<string, RemotingClient>>;
  readonly #viewer: RemotingClient;

  private constructor(address: string, clients: Readonly<Record<string, RemotingClient>>, viewer: RemotingClient) {
    this.#address = address;
    this.#clients = clients;
    this.#viewer = viewer;
  }

  static async at(address: string): Promise<Ground> {
    return new Ground(address, { [first]: await connect(), [second]: await connect() }, await connect());
  }

  async register(step: string, { brokerAddr, topics, stateVersion = 0, counter = 1 }: Registration): Promise<void> {
    const table = topics.map((topicName) => [topicName, topicOf(topicName, brokerAddr)] as const);
    const body = encodeRegisterBrokerBody(
      {
        dataVersion: { stateVersion, timestamp: 1_795_216_927_080, counter },
        topicConfigTable: Object.fromEntries(table),
        filterServerList: [],
      },
      { compressed: false },
    );
    const extFields = registerBrokerHeader.encode({
      ...identity,
      brokerAddr,
      haServerAddr: brokerAddr.replace('10911', '10912'),
      heartbeatTimeoutMillis: undefined,
      enableActingMaster: false,
      compressed: false,
      bodyCrc32: maskedCrc32(body),
    });
    const request = createRequest(RequestCode.REGISTER_BROKER, { extFields, body });
    const answer = await this.#clientOf(brokerAddr).invoke(this.#address, request, { timeoutMs: 10_000 });
    this.steps[step] = { code: answer.code, routes: await this.routes() };
  }

  async unregister(step: string, brokerAddr: string): Promise<void> {
    const extFields = unregisterBrokerHeader.encode({ ...identity, brokerAddr });
    const request = createRequest(RequestCode.UNREGISTER_BROKER, { extFields });
    const answer = await this.#clientOf(brokerAddr).invoke(this.#address, request, { timeoutMs: 10_000 });
    // 5.x takes it from a queue of its own.
    const settled = await this.#settled();
    this.steps[step] = { code: answer.code, routes: settled };
  }

  /** The process of a broker ends without a word. */
  async vanish(step: string, brokerAddr: string): Promise<void> {
    await this.#clientOf(brokerAddr).stop({ deadlineMs: 0 });
    this.steps[step] = { routes: await this.#settled() };
  }

  /** Of each topic: the addresses behind the name, and how many queues it has. */
  async routes(): Promise<Readonly<Record<string, string>>> {
    const routes: Record<string, string> = {};
    for (const topic of ['T1', 'T2', 'T3']) {
      const request = createRequest(RequestCode.GET_ROUTEINFO_BY_TOPIC, { extFields: { topic } });
      const { code, body } = await this.#viewer.invoke(this.#address, request, { timeoutMs: 10_000 });
      if (body === undefined || code !== 0) {
        routes[topic] = String(code);
        continue;
      }
      const { brokerDatas, queueDatas } = decodeRoute(body);
      const addresses = brokerDatas.map(({ brokerAddrs }) => JSON.stringify(brokerAddrs));
      routes[topic] = `${addresses.join(' ')} ${queueDatas.map(({ writeQueueNums }) => writeQueueNums).join(' ')}`;
    }
    return routes;
  }

  /** The routes when they have been the same for a while. */
  async #settled(): Promise<Readonly<Record<string, string>>> {
    let same = 0;
    let last = '';
    await waitUntil('the routes stay', 20_000, async () => {
      const now = JSON.stringify(await this.routes());
      same = now === last ? same + 1 : 0;
      last = now;
      return same >= 30;
    });
    return this.routes();
  }

  #clientOf(brokerAddr: string): RemotingClient {
    const client = this.#clients[brokerAddr];
    if (client === undefined) throw new Error(`no client of ${brokerAddr}`);
    return client;
  }
}

/** The first broker's topics have 4 queues, the second one's 8. */
function topicOf(topicName: string, brokerAddr: string) {
  const queueNums = brokerAddr === first ? 4 : 8;
  return {
    topicName,
    readQueueNums: queueNums,
    writeQueueNums: queueNums,
    perm: 6,
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    order: false,
    attributes: {},
  } as const;
}

async function story(address: string): Promise<Readonly<Record<string, unknown>>> {
  const ground = await Ground.at(address);
  const ofFirst: Registration = { brokerAddr: first, topics: ['T1', 'T2'] };
  const ofSecond: Registration = { brokerAddr: second, topics: ['T1', 'T3'] };
  await ground.register('1 the first one comes', ofFirst);
  await ground.register('2 the second one comes', ofSecond);
  await ground.register('3 the first one registers as before', ofFirst);
  await ground.register('4 the second one as before', ofSecond);
  await ground.register('5 the first one with a change', { ...ofFirst, counter: 2 });
  await ground.register('6 the second one in a newer state', { ...ofSecond, stateVersion: 1, counter: 2 });
  await ground.register('7 the first one in its old state', { ...ofFirst, counter: 3 });
  await ground.register('8 the second one again', { ...ofSecond, stateVersion: 1, counter: 3 });
  await ground.unregister('9 the first one leaves', first);
  await ground.vanish('10 the second one is gone', second);
  return ground.steps;
}

async function start(make: Make, directory: string): Promise<string> {
  const port = await freePort();
  if (make === 'ours') {
    const keys = { listenPort: port, kvConfigPath: `${directory}/kvConfig.json` };
    const child = command(cleanUps, 'mqnamesrv', ['-c', configFile(`${directory}/ns.conf`, keys)]);
    await child.listening(port, 30_000);
  } else {
    cleanUps.child(await startNameServer(make, `${directory}/${make}`, port, [...quickFlags, '-Xms64m']));
  }
  return `127.0.0.1:${port}`;
}

describe.skipIf(missing !== undefined)('two brokers of one name and id', () => {
  const stories = new Map<Make, Readonly<Record<string, unknown>>>();

  beforeAll(async () => {
    const directory = await cleanUps.directory('same-name');
    await Promise.all(makes.map(async (make) => stories.set(make, await story(await start(make, directory)))));
  }, limitMs);

  afterAll(() => cleanUps.run(), limitMs);

  const steps = (make: Make, ...left: readonly string[]): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      Object.entries(stories.get(make) ?? {}).filter(([step]) => !left.some((number) => step.startsWith(number))),
    );

  test('our NameServer ends each step as that of 5.5.0, but for the queues of who comes back unchanged', () => {
    verifies('multi-master');
    expect(steps('ours', '3 ')).toEqual(steps('5.5.0', '3 '));
    expect(stories.get('ours')).toMatchObject({
      '2 the second one comes': {
        code: 0,
        routes: { T1: `{"0":"${second}"} 8`, T2: `{"0":"${second}"} 4`, T3: `{"0":"${second}"} 8` },
      },
      // Apache says 8, the other one's: senders would name queues that this one does not have.
      '3 the first one registers as before': { code: 0, routes: { T1: `{"0":"${first}"} 4` } },
      '10 the second one is gone': { routes: { T1: '17', T2: '17', T3: '17' } },
    });
  });

  test('and as that of 4.9.7, which knows no states, and lets a broker that leaves take the other one along', () => {
    verifies('multi-master');
    expect(steps('ours', '3 ', '7 ', '9 ')).toEqual(steps('4.9.7', '3 ', '7 ', '9 '));
  });
});
