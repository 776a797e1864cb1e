/**
 * Three masters and two NameServers as processes, under the load of official clients of both versions and of ours: one broker is killed
 * and comes back, then a NameServer is killed. Everybody goes on, nothing acknowledged is lost, and orderly consumers keep their order.
 * Then a broker whose queues one orderly member has: when it is back, their next members need not wait for the life of the locks.
 */
import { afterEach, expect, test } from 'vitest';
import { apacheMissing } from '../interop/apache/distribution.js';
import type { InteropClient, InteropConsumer, InteropDelivery } from '../interop/interop-client.js';
import { JavaClient } from '../interop/java-client.js';
import { OrbitClient } from '../interop/orbit-client.js';
import { BrokerCalls } from '../support/broker-calls.js';
import { CleanUps } from '../support/clean-ups.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import { lost, orderViolations, repeatedCount } from './checked-deliveries.js';
import { type ClusterProcesses, startCluster } from './cluster-processes.js';
import { SteadyLoad } from './steady-load.js';

const limitMs = 120_000;
const stepLimitMs = 60_000;
/** Less than the life of a lock that a broker finds at its start. */
const soonMs = 40_000;
const cleanUps = new CleanUps();
const missing = apacheMissing();

afterEach(() => cleanUps.run(), limitMs);

/** Clients look for changed routes and rebalance every second instead of every 30 and 20, by their own settings. */
const quickJava = [
  '-Dinterop.pollMs=1000',
  '-Drocketmq.client.rebalance.waitInterval=1000',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
];

async function clients(cluster: ClusterProcesses): Promise<readonly InteropClient[]> {
  const home = await cleanUps.directory('cluster-clients');
  const started: InteropClient[] = [new OrbitClient(cluster.namesrvAddr, { pollNameServerIntervalMs: 1000 })];
  if (missing === undefined) {
    const versions = ['4.9.7', '5.5.0'] as const;
    const java = await Promise.all(versions.map((version) => JavaClient.start(version, cluster.namesrvAddr, home, quickJava)));
    started.push(...java);
  }
  for (const client of started) cleanUps.add(() => client.stop());
  return started;
}

async function createTopic(cluster: ClusterProcesses, topic: string): Promise<void> {
  for (const { address } of cluster.brokers) {
    const calls = await BrokerCalls.connect(address);
    await calls.createTopic(topic, 4);
    await calls.stop();
  }
}

/** A client with two members in each of two groups, and a producer for each of their topics. */
class Party {
  readonly name: string;
  readonly plain: SteadyLoad;
  readonly ordered: SteadyLoad;
  readonly #members: readonly InteropConsumer[];
  readonly #orderlyMembers: readonly InteropConsumer[];

  private constructor(name: string, loads: readonly [SteadyLoad, SteadyLoad], members: readonly InteropConsumer[]) {
    this.name = name;
    [this.plain, this.ordered] = loads;
    this.#members = members.slice(0, 2);
    this.#orderlyMembers = members.slice(2);
  }

  static async start(client: InteropClient, index: number): Promise<Party> {
    const members: InteropConsumer[] = [];
    for (const orderly of [false, true]) {
      for (let member = 0; member < 2; member += 1) {
        const group = `${orderly ? 'orderly' : 'plain'}-${index}`;
        members.push(await client.startConsumer({ group, topic: orderly ? 'Ordered' : 'Plain', orderly }));
      }
    }
    // Keys whose hash codes follow each other: one for each of the twelve queues.
    const keys = Array.from('abcdefghijkl', (key) => `party-${index}-${key}`);
    const loads = [
      new SteadyLoad(await client.startProducer(`plain-producers-${index}`), { topic: 'Plain', keys, isOrdered: false }),
      new SteadyLoad(await client.startProducer(`ordered-producers-${index}`), { topic: 'Ordered', keys, isOrdered: true }),
    ] as const;
    return new Party(client.name, loads, members);
  }

  get loads(): readonly SteadyLoad[] {
    return [this.plain, this.ordered];
  }

  get deliveries(): readonly InteropDelivery[] {
    return this.#members.flatMap((member) => member.deliveries);
  }

  /** In the order in which they were delivered, also over both members. */
  get orderlyDeliveries(): readonly InteropDelivery[] {
    return this.#orderlyMembers.flatMap((member) => member.deliveries).toSorted((a, b) => a.at - b.at);
  }

  async stop(): Promise<void> {
    for (const member of [...this.#members, ...this.#orderlyMembers]) await member.stop();
  }
}

const countAt = (load: SteadyLoad, brokerAddr: string, sinceMs: number): number =>
  load.acknowledged.filter((sent) => sent.brokerAddr === brokerAddr && sent.at >= sinceMs).length;

test('a killed broker and a killed NameServer: everybody goes on and nothing acknowledged is lost', {
  timeout: limitMs,
}, async () => {
  verifies('cluster-goes-on', 'java-clients');
  const cluster = await startCluster(cleanUps, ['broker-a', 'broker-b', 'broker-c']);
  await Promise.all(['Plain', 'Ordered'].map((topic) => createTopic(cluster, topic)));
  const parties = await Promise.all((await clients(cluster)).map((client, index) => Party.start(client, index)));
  const loads = parties.flatMap((party) => party.loads);
  const all = (what: string, condition: (load: SteadyLoad) => boolean): Promise<boolean> =>
    waitUntil(what, stepLimitMs, () => loads.every(condition)).catch((error: unknown) => {
      const places = cluster.brokers.map(({ address }) => loads.map((load) => countAt(load, address, 0)).join(' '));
      throw new Error(`${String(error)}\n${places.join('\n')}\n${loads.map((load) => load.failures.at(-1)).join('\n')}`);
    });
  for (const load of loads) {
    load.start();
    cleanUps.add(async () => load.abandon());
  }

  await all('every producer sends to every broker', (load) =>
    cluster.brokers.every(({ address }) => countAt(load, address, 0) >= 20),
  );
  const victim = cluster.brokers[1]!;
  const killedAt = performance.now();
  await victim.kill('SIGKILL');
  const deadAt = performance.now();
  const others = cluster.brokers.filter((broker) => broker !== victim);
  await all('every producer goes on with the others', (load) =>
    others.every(({ address }) => countAt(load, address, deadAt + 500) >= 20),
  );
  const afterKill = parties.map((party) => [party.deliveries.length, party.orderlyDeliveries.length] as const);
  await waitUntil('every group goes on', stepLimitMs, () =>
    parties.every((party, index) => {
      const [plain = 0, orderly = 0] = afterKill[index] ?? [];
      return party.deliveries.length > plain + 20 && party.orderlyDeliveries.length > orderly + 20;
    }),
  );
  expect(loads.map((load) => countAt(load, victim.address, deadAt))).toEqual(loads.map(() => 0));
  const gaps = loads.map((load) => load.longestGapMs(killedAt));

  await victim.start();
  const backAt = performance.now();
  await all('every producer is back at the broker', (load) => countAt(load, victim.address, backAt) >= 20);

  await cluster.nameServers[0]?.child.kill('SIGKILL');
  await createTopic(cluster, 'Later');
  const goneAt = performance.now();
  await all('every producer goes on with one NameServer', (load) =>
    cluster.brokers.every(({ address }) => countAt(load, address, goneAt) >= 20),
  );
  for (const load of loads) await load.stop();

  for (const party of parties) {
    const [plain, ordered] = [party.plain, party.ordered].map((load) => load.acknowledged.map(({ body }) => body));
    await waitUntil(`${party.name} gets everything`, stepLimitMs, () => {
      return lost(plain ?? [], party.deliveries).length + lost(ordered ?? [], party.orderlyDeliveries).length === 0;
    }).catch(() => undefined);
    expect([party.name, lost(plain ?? [], party.deliveries), lost(ordered ?? [], party.orderlyDeliveries)]).toEqual([
      party.name,
      [],
      [],
    ]);
    expect([party.name, orderViolations(party.orderlyDeliveries)]).toEqual([party.name, []]);
  }
  const report = parties.map((party) => ({
    client: party.name,
    acknowledged: party.loads.map((load) => load.acknowledged.length),
    failed: party.loads.map((load) => load.failures.length),
    delivered: [party.deliveries.length, party.orderlyDeliveries.length],
    repeated: [repeatedCount(party.deliveries), repeatedCount(party.orderlyDeliveries)],
  }));
  process.stdout.write(`${JSON.stringify({ report, longestGapsMs: gaps })}\n`);
  for (const party of parties) await party.stop();
});

test('queues that could not be unlocked because their broker was down go on soon after it is back', {
  timeout: limitMs,
}, async () => {
  const topic = 'Ordered';
  const cluster = await startCluster(cleanUps, ['broker-a', 'broker-b']);
  const [staying, victim] = cluster.brokers;
  if (staying === undefined || victim === undefined) throw new Error('two brokers were asked for');
  const sendToAll = async (address: string, text: string): Promise<readonly string[]> => {
    const calls = await BrokerCalls.connect(address);
    const bodies = Array.from({ length: 4 }, (_, queueId) => `${text} ${queueId}`);
    for (const [queueId, body] of bodies.entries()) expect((await calls.send(topic, queueId, body)).kind).toBe('stored');
    await calls.stop();
    return bodies;
  };
  await createTopic(cluster, topic);
  const client = new OrbitClient(cluster.namesrvAddr, { pollNameServerIntervalMs: 1000 });
  cleanUps.add(() => client.stop());
  const startMember = () => client.startConsumer({ group: 'orderly', topic, orderly: true });
  const first = await startMember();
  const sent = [...(await sendToAll(staying.address, 'a')), ...(await sendToAll(victim.address, 'b'))];
  await waitUntil('the first member has all queues', soonMs, () => first.deliveries.length === sent.length);

  await victim.kill('SIGKILL');
  // Two more: whoever gets which queue, the first member is left with three of eight, so not with all four of this broker.
  const others = [await startMember(), await startMember()];
  const goneOn = await sendToAll(staying.address, 'while it is down');
  const members = [first, ...others];
  const delivered = (bodies: readonly string[]): boolean =>
    bodies.every((body) => members.some(({ deliveries }) => deliveries.some((delivery) => delivery.body === body)));
  await waitUntil('the queues of the other broker are shared', soonMs, () => delivered(goneOn));
  await victim.start();
  const later = await sendToAll(victim.address, 'when it is back');
  await waitUntil('its queues go on', soonMs, () => delivered(later));
  const placesOfLater = others.flatMap(({ deliveries }) => deliveries.filter(({ body }) => later.includes(body)));
  expect(placesOfLater.length).toBeGreaterThan(0);
  // While the brokers are there: locks are given back before they go.
  await client.stop();
});
