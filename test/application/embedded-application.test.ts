/** Applications on the embedded broker with real files: what a user's program relies on when it ends and starts again. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ConsumeContext,
  consume,
  createMqApp,
  defineTopic,
  type HandleMessage,
  type MqApp,
  type Provider,
  producer,
  silentLogger,
} from 'orbitmq';
import { afterEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';

const Numbers = defineTopic<number>('numbers');
const limitMs = 20_000;
const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function directory(): Promise<string> {
  const created = await temporaryDirectory('application');
  cleanUps.push(() => created.remove());
  return created.path;
}

async function start(path: string, providers: readonly Provider[]): Promise<MqApp> {
  const app = await createMqApp({ url: `embedded:${join(path, 'data')}`, providers, logger: silentLogger });
  cleanUps.push(() => app.stop({ deadlineMs: 0 }));
  await app.start();
  return app;
}

function consumer(handler: HandleMessage<number>, concurrency = 20): Provider {
  return consume(Numbers, { group: 'readers', consumeFrom: 'first', concurrency }, handler);
}

test('a second start finds everything unacknowledged and nothing acknowledged', async () => {
  verifies('restart', 'offsets-durable');
  const path = await directory();
  const total = 200;
  const acknowledged = new Set<number>();
  const numbers = producer(Numbers, { group: 'writers' });
  const first = await start(path, [
    numbers,
    consumer(async ({ body }, { signal }) => {
      // The second half is still in its handler when the application ends.
      if (body >= total / 2) await sleep(limitMs, undefined, { signal });
      acknowledged.add(body);
    }, 1000),
  ]);
  for (let number = 0; number < total; number++) await numbers.send(number);
  await waitUntil('the first half is acknowledged', limitMs, () => acknowledged.size === total / 2 || undefined);
  await first.stop({ deadlineMs: 100 });
  expect(acknowledged.size).toBe(total / 2);

  const again: number[] = [];
  const second = await start(path, [consumer(async ({ body }) => void again.push(body))]);
  await waitUntil('the second half comes', limitMs, () => again.length >= total / 2 || undefined);
  await sleep(1000);
  await second.stop();
  const expected = Array.from({ length: total / 2 }, (_, index) => total / 2 + index);
  // Offsets are kept per queue: of the acknowledged ones only those behind an unfinished one may come again.
  expect(again.filter((number) => number >= total / 2).sort((a, b) => a - b)).toEqual(expected);
  expect(again.filter((number) => acknowledged.has(number))).toEqual([]);
}, 60_000);

test('stop lets running handlers finish, and what they acknowledged does not come again', async () => {
  verifies('graceful-stop');
  const path = await directory();
  const finished: number[] = [];
  let startedCount = 0;
  const numbers = producer(Numbers, { group: 'writers' });
  const first = await start(path, [
    numbers,
    consumer(async ({ body }) => {
      startedCount += 1;
      await sleep(300);
      // A handler can send to its end.
      if (body === 0) await numbers.send(1000);
      finished.push(body);
    }, 5),
  ]);
  for (let number = 0; number < 5; number++) await numbers.send(number);
  await waitUntil('five handlers run', limitMs, () => startedCount === 5 || undefined);
  await first.stop();
  expect(finished.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);

  const again: number[] = [];
  const second = await start(path, [consumer(async ({ body }) => void again.push(body))]);
  await waitUntil('what the last handler sent comes', limitMs, () => again.length > 0 || undefined);
  await sleep(1000);
  await second.stop();
  expect(again).toEqual([1000]);
}, 60_000);

test('a handler learns why it is aborted', async () => {
  const path = await directory();
  const reasons: unknown[] = [];
  let isRunning = false;
  const numbers = producer(Numbers, { group: 'writers' });
  const app = await start(path, [
    numbers,
    consumer(async (_message, { signal }: ConsumeContext) => {
      isRunning = true;
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
      });
      reasons.push(signal.reason?.kind);
      signal.throwIfAborted();
    }),
  ]);
  await numbers.send(1);
  await waitUntil('the handler runs', limitMs, () => isRunning || undefined);
  await app.stop({ deadlineMs: 50 });
  expect(reasons).toEqual(['stopped']);
}, 60_000);

test('one directory is open in one application at a time', async () => {
  verifies('store-lock');
  const path = await directory();
  await start(path, []);
  await expect(start(path, [])).rejects.toMatchObject({
    name: 'StoreError',
    code: 'STORE_LOCKED',
    message: expect.stringContaining('in use by process'),
  });
});

test('a place that cannot hold a store is an error that names it', async () => {
  const path = await directory();
  await writeFile(join(path, 'data'), 'a file');
  await expect(start(path, [])).rejects.toMatchObject({
    name: 'StoreError',
    message: expect.stringContaining(join(path, 'data')),
  });
});
