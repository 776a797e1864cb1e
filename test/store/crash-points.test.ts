/**
 * A power cut or a kill after every file operation of a small workload, then recovery, compared with a reference model: what
 * was acknowledged is there, nothing else than what was sent is there, offsets are contiguous and never given twice.
 */
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { SimulatedDisk, type Survival } from '../simulation/simulated-disk.js';
import { openTestStore, type Put, put, readQueue, type TestStore } from './store-fixture.js';

type Config = Parameters<typeof openTestStore>[2];

interface Scenario {
  readonly name: string;
  /** What survives the end of the first, the second and the later lives. */
  readonly survivals: readonly [Survival, Survival, Survival];
  readonly config?: Config;
  /** ASYNC_FLUSH promises nothing at a power cut but order and no phantom. */
  readonly mayLoseAcknowledged?: boolean;
}

interface Life {
  readonly environment: ReturnType<typeof virtualEnvironment>;
  readonly disk: SimulatedDisk;
  readonly opened: TestStore;
}

const queues = [
  ['Orders', 0],
  ['Orders', 1],
  ['%RETRY%billing', 0],
] as const;

function begin(seed: number, previous: SimulatedDisk | undefined, survival: Survival, config: Config): Life {
  const environment = virtualEnvironment(seed);
  const options = { timers: environment.timers, random: environment.random };
  const disk = previous === undefined ? new SimulatedDisk(options) : previous.crash(survival, options);
  return { environment, disk, opened: openTestStore(environment, disk, config) };
}

/** Short bodies have long properties: a record can be torn behind what its CRC covers. */
function propertiesOf(body: string): Buffer {
  return Buffer.from(`KEYS\u0001${body.slice(0, 12)}\u0002PAD\u0001${'p'.repeat(Math.max(0, 900 - body.length * 2))}\u0002`);
}

/** Puts in small groups, waits for some, flushes queues in between, and stops in order when it gets that far. */
async function runWorkload(life: Life, label: string, puts: Put[]): Promise<void> {
  const { disk, environment, opened } = life;
  const { time } = environment;
  const alive = (promise: Promise<unknown>): Promise<void> => {
    let isDone = false;
    const mark = (): void => {
      isDone = true;
    };
    promise.then(mark, mark);
    return time.runUntil(() => isDone || disk.isDead, 600_000);
  };
  await alive(opened.store.start());
  for (let group = 0; group < 6 && !disk.isDead; group += 1) {
    const some: Put[] = [];
    for (let index = 0; index < 5; index += 1) {
      const [topic, queueId] = queues[(group + index) % queues.length] as (typeof queues)[number];
      const body = `${label}-${group}-${index}-`.padEnd(20 + ((group * 5 + index) % 7) * 90, 'x');
      some.push(put(opened.store, topic, queueId, body, { properties: propertiesOf(body) }));
    }
    puts.push(...some);
    await time.runUntil(() => disk.isDead || some.every(({ status }) => status !== undefined), 600_000);
    if (group % 2 === 1 && !disk.isDead) await time.advance(1100);
  }
  if (!disk.isDead) await alive(opened.store.stop());
}

/** What every recovered store must hold, given everything that was ever put. */
async function verify(
  store: TestStore['store'],
  puts: readonly Put[],
  survivors: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const seen = new Map<string, string>();
  for (const [topic, queueId] of queues) {
    const messages = await readQueue(store, topic, queueId);
    expect(messages.map(({ queueOffset }) => queueOffset)).toEqual(messages.map((_, index) => index));
    expect(store.maxOffset(topic, queueId)).toBe(messages.length);
    const sent = new Set(puts.filter((one) => one.topic === topic && one.queueId === queueId).map(({ body }) => body));
    for (const message of messages) {
      const body = message.body.toString();
      expect(sent.has(body), `phantom ${body}`).toBe(true);
      expect(message.propertiesBytes.equals(propertiesOf(body)), `properties of ${body}`).toBe(true);
      seen.set(`${topic}/${queueId}/${message.queueOffset}`, body);
      const looked = await store.lookMessage(message.physicalOffset);
      expect(looked?.body.toString()).toBe(body);
    }
  }
  for (const one of puts) {
    if (one.status !== 'PUT_OK') continue;
    expect(seen.get(`${one.topic}/${one.queueId}/${one.queueOffset}`), `acknowledged ${one.body}`).toBe(one.body);
  }
  for (const [place, body] of survivors) expect(seen.get(place), `was readable at ${place}`).toBe(body);
  return seen;
}

async function crashAndVerify(crashAt: number, scenario: Scenario): Promise<boolean> {
  const { config, mayLoseAcknowledged, survivals } = scenario;
  const puts: Put[] = [];
  const first = begin(crashAt, undefined, 'nothing', config);
  first.disk.crashAt = crashAt;
  await runWorkload(first, 'first', puts);
  const wasCrash = first.disk.isDead;
  // The second life is cut too, at another place: recovery itself must survive it.
  const second = begin(crashAt + 1, first.disk, survivals[0], config);
  second.disk.crashAt = 3 + ((crashAt * 7) % 90);
  await runWorkload(second, 'second', puts);
  const third = begin(crashAt + 2, second.disk, survivals[1], config);
  const { time } = third.environment;
  await time.settle(third.opened.store.start());
  const seen = await time.settle(
    verify(third.opened.store, mayLoseAcknowledged === true ? puts.map(unanswered) : puts, new Map()),
  );
  // What was readable once stays, at its place, whatever happens to the process now.
  const fourth = begin(crashAt + 3, third.disk, survivals[2], config);
  await runWorkload(fourth, 'fourth', puts);
  const fifth = begin(crashAt + 4, fourth.disk, survivals[2], config);
  await fifth.environment.time.settle(fifth.opened.store.start());
  await fifth.environment.time.settle(
    verify(fifth.opened.store, mayLoseAcknowledged === true ? puts.map(unanswered) : puts, seen),
  );
  expect([...first.opened.failures, ...third.opened.failures, ...fifth.opened.failures]).toEqual([]);
  return wasCrash;
}

function unanswered(one: Put): Put {
  return { ...one, status: undefined };
}

const reserving: Config = { limits: { reserveAheadBytes: 262_144 }, config: { mappedFileSizeCommitLog: 262_144 } };
const hastyQueues = {
  flushDiskType: 'ASYNC_FLUSH',
  flushIntervalConsumeQueue: 40,
  flushConsumeQueueThoroughInterval: 50,
} as const;

const scenarios: readonly Scenario[] = [
  { name: 'power cut, nothing unflushed survives', survivals: ['nothing', 'nothing', 'nothing'] },
  { name: 'power cut, unflushed sectors survive at random', survivals: ['random', 'random', 'random'] },
  { name: 'kill -9', survivals: ['everything', 'everything', 'everything'] },
  { name: 'kill -9, then a power cut', survivals: ['everything', 'everything', 'nothing'] },
  { name: 'power cut with space reserved ahead', survivals: ['random', 'random', 'random'], config: reserving },
  {
    name: 'kill -9, ASYNC_FLUSH',
    survivals: ['everything', 'everything', 'everything'],
    config: { config: { flushDiskType: 'ASYNC_FLUSH' } },
  },
  {
    name: 'power cut, ASYNC_FLUSH with queues that are flushed more often than the log',
    survivals: ['nothing', 'random', 'everything'],
    config: { config: hastyQueues },
    mayLoseAcknowledged: true,
  },
];

test.each(scenarios)(
  '$name: at every file operation',
  async (scenario) => {
    let crashAt = 1;
    while (await crashAndVerify(crashAt, scenario)) crashAt += 1;
    expect(crashAt).toBeGreaterThan(60);
  },
  120_000,
);
