/**
 * The timer dies at every operation on its files, by a kill or a power cut, and its successor goes on: no timed message is lost, none
 * comes early, and what comes twice is what was delivered within the last second. The messages themselves are in a log that does not fail here.
 */
import { SeededRandom, type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { expect, it } from 'vitest';
import { FakeMessageStore } from '../../packages/broker/src/test-support/fake-message-store.js';
import { putTimedMessage } from '../../packages/broker/src/test-support/put-timed-message.js';
import { TimerService } from '../../packages/broker/src/timer/timer-service.js';
import { SimulatedDisk, type Survival } from '../simulation/simulated-disk.js';

const messageCount = 14;

interface Life {
  readonly environment: VirtualEnvironment;
  readonly disk: SimulatedDisk;
  readonly store: FakeMessageStore;
}

function begin({ environment, disk, store }: Life): TimerService {
  const timer = new TimerService({
    environment,
    store,
    topics: { ensure: () => undefined, get: () => undefined },
    fileSystem: disk,
    settings: {
      storePathRootDir: '/store',
      precisionMs: 1000,
      rollWindowSlots: () => 5,
      flushIntervalMs: 1000,
      logFileBytes: 4 * 52 + 20,
    },
    batchMax: 3,
    batchBytesMax: 4_194_304,
  });
  timer.start().catch(() => undefined);
  return timer;
}

/** One in 500 ms, each with its own time; one is taken back. */
function putAll({ store, environment }: Life): Map<string, number> {
  const dueAt = new Map<string, number>();
  const now = environment.clock.now();
  for (let i = 0; i < messageCount; i += 1) {
    const deliverMs = now + 200 + i * 500;
    dueAt.set(String(i), deliverMs);
    putTimedMessage(store, { body: String(i), deliverMs });
  }
  const deliverMs = now + 3000;
  putTimedMessage(store, { body: 'taken back', deliverMs });
  putTimedMessage(store, { body: 'cancellation', deliverMs, properties: { TIMER_DEL_UNIQKEY: 'Utaken back' } });
  return dueAt;
}

async function lives(seed: number, crashAt: number, survival: Survival): Promise<boolean> {
  const environment = virtualEnvironment(seed);
  const { clock, timers } = environment;
  const disk = new SimulatedDisk({ timers, random: new SeededRandom(seed) });
  const store = new FakeMessageStore({ clock, timers, tagsCodeOf: () => 0 });
  const first = { environment, disk, store };
  disk.crashAt = crashAt;
  begin(first);
  await environment.time.advance(300);
  const dueAt = putAll(first);
  await environment.time.runUntil(() => disk.isDead, 9000).catch(() => undefined);
  const hasCrashed = disk.isDead;
  // What it does from here on reaches nobody.
  const found = store.survivor();
  store.isWritable = false;
  const second = { environment, disk: disk.crash(survival), store: found };
  begin(second);
  await environment.time.advance(14_000);
  const messages = found.messages('TopicT');
  const names = messages.map(({ body }) => body.toString());
  expect([...new Set(names)].toSorted((a, b) => Number(a) - Number(b))).toEqual([...dueAt.keys()]);
  for (const { body, storeTimestamp } of messages)
    expect(storeTimestamp).toBeGreaterThanOrEqual(dueAt.get(body.toString()) ?? Infinity);
  expect(names.length - messageCount, names.join(' ')).toBeLessThanOrEqual(5);
  return hasCrashed;
}

/** Each takes another third of the operations: the three together fit the time that they have. */
const cases: readonly (readonly [Survival, number])[] = [
  ['everything', 1],
  ['random', 2],
  ['nothing', 3],
];

it.each(cases)(
  'no timed message is lost when the timer dies and %s survives, at operations from %i on',
  async (survival, from) => {
    let crashAt = from;
    while (await lives(crashAt, crashAt, survival)) crashAt += cases.length;
    expect(crashAt).toBeGreaterThan(40);
  },
  120_000,
);
