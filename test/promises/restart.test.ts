/** A user's application on the embedded broker, killed and started again in processes of its own. */
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { CleanUps } from '../support/clean-ups.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import { type NumbersOptions, NumbersProcess } from './numbers-process.js';

const limitMs = 30_000;
const total = 200;
const firstEndless = total / 2;
/** Enough for some in every queue. */
const sentinelCount = 16;
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, index) => from + index);
const sorted = (numbers: readonly number[]): readonly number[] => numbers.toSorted((a, b) => a - b);

test('kill -9: everything sent and not acknowledged comes; clean stop: nothing acknowledged comes again', async () => {
  verifies('restart', 'offsets-durable');
  const url = `embedded:${join(await cleanUps.directory('restart'), 'data')}`;
  const start = async (options: Omit<NumbersOptions, 'url'> = {}): Promise<NumbersProcess> =>
    cleanUps.child(await NumbersProcess.start({ url, ...options }));

  const killed = await start({ sendCount: total, firstEndless });
  await waitUntil('all is sent, half of it is acknowledged, the other half is in its handlers', limitMs, () => {
    return (
      killed.said('sent').length === total && killed.said('end').length === firstEndless && killed.said('begin').length >= total
    );
  });
  await killed.kill('SIGKILL');
  expect(sorted(killed.said('end'))).toEqual(range(0, firstEndless));

  const second = await start();
  await waitUntil(
    'what was not acknowledged comes',
    limitMs,
    () =>
      new Set(second.said('end')).size >= total - firstEndless &&
      range(firstEndless, total).every((number) => second.said('end').includes(number)),
  );
  expect(await second.kill('SIGTERM')).toBe(0);
  // At least once: what was acknowledged shortly before the kill may come again, but nothing that was never sent.
  expect([...new Set(second.said('begin'))].filter((number) => number >= total)).toEqual([]);
  expect(sorted(second.said('end'))).toEqual(sorted(second.said('begin')));

  const third = await start({ sendCount: sentinelCount });
  await waitUntil('the new ones come', limitMs, () => new Set(third.said('end')).size === sentinelCount);
  expect(await third.kill('SIGTERM')).toBe(0);
  expect(sorted(third.said('begin'))).toEqual(range(0, sentinelCount));
}, 120_000);
