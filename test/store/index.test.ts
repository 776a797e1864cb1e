/** The index of a whole store: after any crash it ends as the log says, and its disk never stops a send. */
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { diskFailure, SimulatedDisk, type Survival } from '../simulation/simulated-disk.js';
import { verifies } from '../support/verifies.js';
import { openTestStore, type Put, put, storeRoot, type TestStore } from './store-fixture.js';

/** Header and slots of the fixture's small index files. */
const entriesAt = 40 + 8 * 4;
const indexDirectory = `${storeRoot}/index/`;

interface Life {
  readonly environment: ReturnType<typeof virtualEnvironment>;
  readonly disk: SimulatedDisk;
  readonly opened: TestStore;
}

function begin(seed: number, previous?: SimulatedDisk, survival: Survival = 'everything', config = {}): Life {
  const environment = virtualEnvironment(seed);
  const options = { timers: environment.timers, random: environment.random };
  const disk = previous === undefined ? new SimulatedDisk(options) : previous.crash(survival, options);
  return { environment, disk, opened: openTestStore(environment, disk, { config }) };
}

function putKeyed(life: Life, label: string): Put {
  const properties = Buffer.from(`UNIQ_KEY\u0001${label}\u0002KEYS\u0001all ${label.slice(-1)}\u0002TAGS\u0001t\u0002`);
  return put(life.opened.store, 'Keyed', 0, label, { properties });
}

/** Puts until it is done or its disk died; stops in order in the first case. */
async function run(life: Life, label: string, puts: Put[]): Promise<void> {
  const { disk, environment, opened } = life;
  const { time } = environment;
  const alive = async (promise: Promise<unknown>): Promise<void> => {
    let isDone = false;
    const mark = (): void => {
      isDone = true;
    };
    promise.then(mark, mark);
    await time.runUntil(() => isDone || disk.isDead, 600_000);
  };
  await alive(opened.store.start());
  for (let group = 0; group < 5 && !disk.isDead; group += 1) {
    const some = [0, 1, 2, 3].map((index) => putKeyed(life, `${label}-${group}-${index}`));
    puts.push(...some);
    await time.runUntil(() => disk.isDead || some.every(({ status }) => status !== undefined), 600_000);
    if (!disk.isDead) await time.advance(400);
  }
  if (!disk.isDead) await alive(opened.store.stop());
}

async function offsetsOf(life: Life, key: string): Promise<readonly number[]> {
  const range = { beginTimestamp: 0, endTimestamp: Number.MAX_SAFE_INTEGER };
  const query = { topic: 'Keyed', key, kind: 'KEY', maxCount: 64, ...range } as const;
  const { records } = await life.environment.time.settle(life.opened.store.queryMessage(query));
  return records.map((record) => Number(record.readBigInt64BE(28)));
}

async function expectFound(life: Life, puts: readonly Put[]): Promise<void> {
  for (const { body, physicalOffset, status } of puts) {
    const found = await offsetsOf(life, body);
    if (status === 'PUT_OK') expect(found, body).toEqual([physicalOffset]);
    else expect(found.filter((offset) => offset !== physicalOffset)).toEqual([]);
  }
}

/** The index files up to their last entries, oldest first. */
function indexOf(disk: SimulatedDisk): readonly string[] {
  return [...disk.files()]
    .filter(([path]) => path.startsWith(indexDirectory))
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([, bytes]) => bytes.subarray(0, entriesAt + 20 * bytes.readInt32BE(36)).toString('hex'));
}

test.each(['everything', 'random', 'nothing'] as const)(
  'a crash at any operation, of which survives: %s',
  async (survival) => {
    verifies('index-derived');
    let wasCrash = true;
    let crashAt = 12;
    for (; wasCrash; crashAt += 9) {
      const puts: Put[] = [];
      const first = begin(crashAt);
      first.disk.crashAt = crashAt;
      await run(first, 'first', puts);
      wasCrash = first.disk.isDead;
      const second = begin(crashAt + 1, first.disk, survival);
      second.disk.crashAt = 10 + ((crashAt * 7) % 80);
      await run(second, 'second', puts);
      const third = begin(crashAt + 2, second.disk, survival);
      await third.environment.time.settle(third.opened.store.start());
      await expectFound(third, puts);
      puts.push(putKeyed(third, 'third'));
      await third.environment.time.runUntil(() => puts.at(-1)?.status !== undefined, 10_000);
      await expectFound(third, puts);
      await third.environment.time.settle(third.opened.store.stop());
      const kept = indexOf(third.disk);
      expect(third.opened.failures).toEqual([]);
      // Built anew from the log alone, it is the same.
      third.disk.erase(indexDirectory.slice(0, -1));
      const anew = begin(crashAt + 3, third.disk);
      await anew.environment.time.settle(anew.opened.store.start());
      await anew.environment.time.settle(anew.opened.store.stop());
      expect(indexOf(anew.disk)).toEqual(kept);
    }
    expect(crashAt).toBeGreaterThan(100);
  },
  120_000,
);

test('a disk that fails under the index stops no send, and the index is whole when it works again', async () => {
  for (const kind of ['write', 'datasync', 'open', 'truncate']) {
    const life = begin(3);
    const { disk, environment, opened } = life;
    await environment.time.settle(opened.store.start());
    let failures = 0;
    disk.failure = (operation) => {
      if (operation.kind !== kind || !operation.path.startsWith(indexDirectory)) return undefined;
      failures += 1;
      return diskFailure('EIO', operation.path);
    };
    const puts: Put[] = [];
    for (let index = 0; index < 30; index += 1) {
      puts.push(putKeyed(life, `m${index}`));
      await environment.time.runUntil(() => puts.at(-1)?.status !== undefined, 10_000);
      await environment.time.advance(500);
    }
    expect(puts.every(({ status }) => status === 'PUT_OK')).toBe(true);
    expect([failures > 0, opened.failures.length, opened.store.isWritable]).toEqual([true, 0, true]);
    disk.failure = undefined;
    await environment.time.advance(31_000);
    await expectFound(life, puts);
    await environment.time.settle(opened.store.stop());
  }
}, 60_000);

test('without an index nothing is built and nothing is found; later it is built from the log', async () => {
  const puts: Put[] = [];
  const without = begin(5, undefined, 'everything', { messageIndexEnable: false });
  await run(without, 'm', puts);
  expect(indexOf(without.disk)).toEqual([]);
  const again = begin(6, without.disk, 'everything', { messageIndexEnable: false });
  await again.environment.time.settle(again.opened.store.start());
  expect(await offsetsOf(again, 'all')).toEqual([]);
  await again.environment.time.settle(again.opened.store.stop());
  const withIt = begin(7, again.disk);
  await withIt.environment.time.settle(withIt.opened.store.start());
  await expectFound(withIt, puts);
  expect(await offsetsOf(withIt, 'all')).toEqual(puts.map(({ physicalOffset }) => physicalOffset));
  await withIt.environment.time.settle(withIt.opened.store.stop());
});

test('an index made with other sizes is made anew', async () => {
  const puts: Put[] = [];
  const first = begin(8);
  await run(first, 'm', puts);
  const other = begin(9, first.disk, 'everything', { maxHashSlotNum: 16, maxIndexNum: 100 });
  await other.environment.time.settle(other.opened.store.start());
  await expectFound(other, puts);
  await other.environment.time.settle(other.opened.store.stop());
  expect(indexOf(other.disk).length).toBe(1);
});
