/**
 * A real NameServer and broker, a client that uses them all the time, and beside it everything a hostile network could say.
 * `HOSTILE_SEED` says other things.
 */
import { readdirSync } from 'node:fs';
import { createFrameWriter, createRequest, RequestCode } from '@orbitmq/protocol';
import { SeededRandom } from '@orbitmq/testing';
import { afterEach, expect, test } from 'vitest';
import { goldenFrames } from '../golden/golden-frame.js';
import type { MqServer } from '../interop/mq-server.js';
import { startOrbitServer } from '../interop/orbit-server.js';
import { BrokerCalls } from '../support/broker-calls.js';
import { CleanUps } from '../support/clean-ups.js';
import { anonymousMemoryBytes, hasProcessFacts, socketCount } from '../support/process-facts.js';
import { pullFields } from '../support/request-fields.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import { HealthyClient } from './healthy-client.js';
import { SilentPeers, say, type Target } from './hostile-peer.js';
import { type HostileStream, HostileStreams } from './hostile-streams.js';

const seed = Number(process.env['HOSTILE_SEED'] ?? 20_261_121);
const frameCountMin = 20_000;
const framesPerStream = 40;
const wellFramedStreams = 250;
const damagedStreams = 6000;
const peersAtOnce = 24;
const silentPeersOfAKind = 100;
const greedyPeers = 8;
const memoryGrowthMax = 64 * 1024 * 1024;
const limitMs = 60_000;
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

/** Pulls of a full queue, again and again, from a connection that never reads the answers. */
function greedyPulls(): Buffer {
  const writer = createFrameWriter();
  const extFields = pullFields({ consumerGroup: 'greedy', topic: 'large', queueId: 0, queueOffset: 0 });
  for (let count = 0; count < 2000; count += 1) {
    writer.writeCommand({ ...createRequest(RequestCode.PULL_MESSAGE, { extFields }), opaque: count });
  }
  return Buffer.concat(writer.take());
}

/** Connections that cost the attacker nothing: half a frame, an announced one of 16 MiB, answers nobody reads. */
async function addSilentPeers(peers: SilentPeers, targets: readonly Target[]): Promise<void> {
  const half = Buffer.from(goldenFrames()[0]?.hex ?? '', 'hex').subarray(0, 100);
  const announced = Buffer.from('00fffffc00000010', 'hex');
  for (let count = 0; count < silentPeersOfAKind; count += 1) {
    const target = targets[count % targets.length] as Target;
    await peers.add(target, half);
    await peers.add(target, announced);
  }
  const pulls = greedyPulls();
  for (let count = 0; count < greedyPeers; count += 1) await peers.add(targets[0] as Target, pulls);
}

/** All of them once, in a mixed order that the seed decides. */
function allStreams(random: SeededRandom): readonly HostileStream[] {
  const streams = new HostileStreams(random, goldenFrames());
  const all = [...streams.special(), ...streams.truncated()];
  for (let count = 0; count < damagedStreams; count += 1) all.push(streams.damaged());
  for (let count = 0; count < wellFramedStreams; count += 1) all.push(streams.wellFramed(framesPerStream));
  for (let index = all.length - 1; index > 0; index -= 1) {
    const other = random.int(index + 1);
    [all[index], all[other]] = [all[other] as HostileStream, all[index] as HostileStream];
  }
  return all;
}

/** How much memory the processes have taken since, at most. */
class MemoryWatch {
  readonly #pids: readonly number[];
  readonly #before: readonly number[];
  growthMax = 0;

  constructor(pids: readonly number[]) {
    this.#pids = hasProcessFacts ? pids : [];
    this.#before = this.#pids.map(anonymousMemoryBytes);
  }

  look(): void {
    for (const [index, pid] of this.#pids.entries()) {
      this.growthMax = Math.max(this.growthMax, anonymousMemoryBytes(pid) - (this.#before[index] ?? 0));
    }
  }
}

/** Says every stream to one of the targets, several at a time. */
async function sayAll(
  streams: readonly HostileStream[],
  targets: readonly Target[],
  healthy: HealthyClient,
  memory?: MemoryWatch,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < streams.length && healthy.problems.length === 0) {
      const index = next;
      next += 1;
      const problem = await say(streams[index] as HostileStream, targets[index % targets.length] as Target);
      if (problem !== undefined) healthy.problems.push(problem);
      if (index % 100 === 0) memory?.look();
    }
  };
  await Promise.all(Array.from({ length: peersAtOnce }, worker));
}

async function fillLargeTopic(server: MqServer): Promise<void> {
  const calls = await BrokerCalls.connect(server.brokerAddr);
  for (let count = 0; count < 64; count += 1) await calls.send('large', 0, 'x'.repeat(100_000));
  await calls.stop();
}

test(`no bytes disturb a healthy client, cost memory or connections, or end the processes (seed ${seed})`, async () => {
  verifies('hostile-bytes');
  const streams = allStreams(new SeededRandom(seed));
  expect(streams.reduce((sum, { frameCount }) => sum + frameCount, 0)).toBeGreaterThanOrEqual(frameCountMin);
  const directory = await cleanUps.directory('hostile');
  const server = await startOrbitServer(directory, { brokerName: 'healthy-broker' });
  cleanUps.add(() => server.stop());
  const port = (address: string): number => Number(address.split(':')[1]);
  const targets: readonly Target[] = [
    { name: 'the broker', port: port(server.brokerAddr) },
    { name: 'the NameServer', port: port(server.namesrvAddr) },
    { name: 'the broker', port: port(server.brokerAddr) },
    { name: 'the fast port', port: port(server.brokerAddr) - 2 },
  ];
  await fillLargeTopic(server);
  const healthy = await HealthyClient.start(server);
  cleanUps.add(() => healthy.stop());
  await waitUntil('the healthy client works', limitMs, () => healthy.receivedCount > 20 || healthy.problems.length > 0);
  const pids = [server.brokerProcess.process.pid ?? 0, server.namesrvProcess.process.pid ?? 0];
  const socketsBefore = hasProcessFacts ? pids.map(socketCount) : [];

  const warmUp = streams.length >> 3;
  await sayAll(streams.slice(0, warmUp), targets, healthy);
  const memory = new MemoryWatch(pids);
  const silent = new SilentPeers();
  cleanUps.add(async () => silent.close());
  await addSilentPeers(silent, targets);
  await sayAll(streams.slice(warmUp), targets, healthy, memory);
  memory.look();
  expect(healthy.problems).toEqual([]);
  expect(memory.growthMax).toBeLessThanOrEqual(memoryGrowthMax);

  silent.close();
  if (hasProcessFacts) {
    await waitUntil('the connections are given back', limitMs, () =>
      pids.every((pid, index) => socketCount(pid) <= (socketsBefore[index] ?? 0)),
    );
  }
  await healthy.finishSending();
  await waitUntil('the application has everything', limitMs, () => healthy.isAppDone);
  await healthy.check();
  expect(healthy.problems).toEqual([]);
  // A client that did little would have noticed little.
  expect(healthy.sentCount).toBeGreaterThan(500);
  expect([server.brokerProcess.exit, server.namesrvProcess.exit]).toEqual([undefined, undefined]);
  expect(readdirSync(directory).toSorted()).toEqual(['broker.conf', 'ns.conf', 'store']);

  await healthy.stop();

  // What hostile requests have left in the store does not keep it from opening.
  await server.restartBroker('SIGKILL');
  const calls = await BrokerCalls.connect(server.brokerAddr);
  await healthy.check(calls);
  await calls.stop();
  expect(healthy.problems).toEqual([]);
  console.log(
    `hostile bytes: ${streams.length} connections, ${healthy.sentCount} healthy sends, memory +${memory.growthMax >> 20} MiB`,
  );
}, 240_000);
