/** Reads with a filter over records: from memory and from files, in bounded steps. */
import { SqlFilter } from '@orbitmq/broker';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { messagesOf, openTestStore, type Put, put } from './store-fixture.js';

const count = 400;

async function storeWithMessages(bodyBytes: number) {
  const environment = virtualEnvironment(1);
  const { time } = environment;
  const disk = new SimulatedDisk({ timers: environment.timers, random: environment.random });
  const { store } = openTestStore(environment, disk);
  await time.settle(store.start());
  const puts: Put[] = [];
  for (let index = 0; index < count; index += 1) {
    const properties = Buffer.from(`n\u0001${index}\u0002kind\u0001${index % 50 === 7 ? 'rare' : 'usual'}\u0002`);
    puts.push(put(store, 'T', 0, `m${index} ${'x'.repeat(bodyBytes)}`, { properties }));
    if (index % 20 === 19) await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 10_000);
  }
  return { store, time };
}

/** Reads from the beginning to the end, as a consumer does that pulls again at once. */
async function readAll({ store, time }: Awaited<ReturnType<typeof storeWithMessages>>, filter: SqlFilter) {
  const bodies: string[] = [];
  let stepMax = 0;
  let readCount = 0;
  let queueOffset = 0;
  while (queueOffset < count) {
    const read = Promise.resolve(
      store.getMessage({ topic: 'T', queueId: 0, queueOffset, maxCount: 32, matches: undefined, filter }),
    );
    const result = await time.settle(read);
    expect(['FOUND', 'NO_MATCHED_MESSAGE']).toContain(result.status);
    expect(result.nextBeginOffset).toBeGreaterThan(queueOffset);
    bodies.push(...messagesOf(result).map(({ body }) => body.toString().split(' ')[0] ?? ''));
    stepMax = Math.max(stepMax, result.nextBeginOffset - queueOffset);
    queueOffset = result.nextBeginOffset;
    readCount += 1;
  }
  return { bodies, readCount, stepMax };
}

test.each([10, 1500])('all that passes and nothing else, of records with %i bytes, in memory or not', async (bodyBytes) => {
  const fixture = await storeWithMessages(bodyBytes);
  const rare = await readAll(fixture, new SqlFilter("kind = 'rare'"));
  expect(rare.bodies).toEqual(Array.from({ length: 8 }, (_, index) => `m${index * 50 + 7}`));
  // 256 KiB of records are looked at in one read from files.
  expect(rare.readCount).toBeLessThan(8 + 8);
  const most = await readAll(fixture, new SqlFilter('n >= 3'));
  expect(most.bodies).toEqual(Array.from({ length: count - 3 }, (_, index) => `m${index + 3}`));
});

test('a read looks at 256 KiB from files and no more, whatever the filter says', async () => {
  const bodyBytes = 1500;
  const { bodies, stepMax } = await readAll(await storeWithMessages(bodyBytes), new SqlFilter("kind = 'none'"));
  expect(bodies).toEqual([]);
  expect(stepMax).toBeGreaterThan(100);
  expect(stepMax).toBeLessThanOrEqual(262_144 / bodyBytes);
});

test('a read whose filter is expensive ends early, and moves on', async () => {
  const { store, time } = await storeWithMessages(10);
  const filter = { matches: () => false, lastCost: 1_500_000, sizeChars: 0 };
  const request = { topic: 'T', queueId: 0, maxCount: 32, matches: undefined, filter };
  const last = await time.settle(Promise.resolve(store.getMessage({ ...request, queueOffset: count - 10 })));
  expect(last).toMatchObject({ status: 'NO_MATCHED_MESSAGE', nextBeginOffset: count - 7 });
});
