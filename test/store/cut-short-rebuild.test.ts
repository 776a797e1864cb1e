/** A rebuild of the queues that is cut short is done again by the next start, also when the run before stopped in order. */
import { MemoryFileSystem } from '@orbitmq/broker';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { copyOf, neverAfter } from './killed-process.js';
import { openTestStore, put, readQueue, storeRoot } from './store-fixture.js';

const environment = virtualEnvironment(7);
const { time } = environment;
const topics = ['A', 'B', 'C'];

async function open(files: MemoryFileSystem) {
  const { store } = openTestStore(environment, files);
  await time.settle(store.start());
  return store;
}

type Store = Awaited<ReturnType<typeof open>>;

async function putAll(store: Store, topic: string, ...bodies: readonly string[]): Promise<number[]> {
  const puts = bodies.map((body) => put(store, topic, 0, body));
  await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 10_000);
  return puts.map(({ queueOffset }) => queueOffset);
}

async function bodiesOf(store: Store, topic: string): Promise<string[]> {
  return (await time.settle(readQueue(store, topic, 0))).map(({ queueOffset, body }) => `${queueOffset}:${body.toString()}`);
}

/** What a start leaves that ends at any one of its changes to the disk. */
async function cutShort(files: MemoryFileSystem): Promise<readonly MemoryFileSystem[]> {
  const left: MemoryFileSystem[] = [];
  for (let count = 0; ; count += 1) {
    const dying = await copyOf(files);
    let hasEnded = false;
    const isDead = neverAfter(dying, count);
    const { store } = openTestStore(environment, dying);
    void store.start().then(() => {
      hasEnded = true;
    });
    await time.runUntil(() => hasEnded || isDead(), 10_000);
    if (hasEnded) return left;
    left.push(await copyOf(dying));
  }
}

test('stopped in order, without a note of where the queues end: no message is lost from sight', async () => {
  const files = new MemoryFileSystem();
  const store = await open(files);
  for (const topic of topics) await putAll(store, topic, `${topic}0`, `${topic}1`);
  await putAll(store, 'A', 'A2');
  await time.settle(store.stop());
  await files.remove(`${storeRoot}/orbitmq/queue-ends.json`);
  await files.removeDirectory(`${storeRoot}/consumequeue`);
  const left = await cutShort(files);
  expect(left.length).toBeGreaterThan(10);
  for (const [index, each] of left.entries()) {
    const again = await open(each);
    expect(await bodiesOf(again, 'A'), `ended at change ${index}`).toEqual(['0:A0', '1:A1', '2:A2']);
    for (const topic of ['B', 'C']) expect(await bodiesOf(again, topic)).toEqual([`0:${topic}0`, `1:${topic}1`]);
    await time.settle(again.stop());
    // Done, and on the device: the next start need not do it again.
    expect(await each.stat(`${storeRoot}/orbitmq/rebuild-order.json`)).toBeUndefined();
  }
});

test("a topic that Apache's broker deleted and made anew does not get the old one's messages back", async () => {
  const files = new MemoryFileSystem();
  const store = await open(files);
  await putAll(store, 'Again', 'old-0', 'old-1', 'old-2');
  await putAll(store, 'Other', 'x');
  await time.settle(store.stop());
  await files.removeDirectory(`${storeRoot}/consumequeue/Again`);
  await files.writeFileAtomically(`${storeRoot}/lock`, Buffer.from('locktmq'));
  const second = await open(files);
  expect(await putAll(second, 'Again', 'new-0', 'new-1')).toEqual([0, 1]);
  await time.settle(second.stop());
  // As Apache leaves it when it is killed.
  await files.writeFileAtomically(`${storeRoot}/lock`, Buffer.from('locktmq'));
  await files.writeFileAtomically(`${storeRoot}/abort`, Buffer.from('77'));
  for (const [index, each] of (await cutShort(files)).entries()) {
    const again = await open(each);
    expect(await bodiesOf(again, 'Again'), `ended at change ${index}`).toEqual(['0:new-0', '1:new-1']);
    expect(await bodiesOf(again, 'Other')).toEqual(['0:x']);
    await time.settle(again.stop());
  }
});
