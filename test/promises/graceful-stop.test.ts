/** Two processes of a consumer group on a stand-alone broker; one gets SIGTERM with running handlers while messages keep coming. */
import { createMqApp, defineTopic, producer, silentLogger } from 'orbitmq';
import { afterEach, expect, test } from 'vitest';
import { startOrbitServer } from '../interop/orbit-server.js';
import { CleanUps } from '../support/clean-ups.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import { NumbersProcess } from './numbers-process.js';

const limitMs = 60_000;
const handlerMs = 400;
const Numbers = defineTopic<number>('numbers');
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

const sorted = (numbers: readonly number[]): readonly number[] => numbers.toSorted((a, b) => a - b);

test('SIGTERM of a consumer: its handlers end, its offsets are kept, the other takes over; nothing is lost, nothing comes twice', async () => {
  verifies('graceful-stop', 'rebalance');
  const server = await startOrbitServer(await cleanUps.directory('graceful-stop'));
  cleanUps.add(() => server.stop());
  const url = `rocketmq://${server.namesrvAddr}`;
  const numbers = producer(Numbers, { group: 'writers' });
  const app = await createMqApp({ url, providers: [numbers], logger: silentLogger });
  await app.start();
  cleanUps.add(() => app.stop({ deadlineMs: 0 }));
  let next = 0;
  const sendNext = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += 1) {
      await numbers.send(next);
      next += 1;
    }
  };
  const startConsumer = async (): Promise<NumbersProcess> => cleanUps.child(await NumbersProcess.start({ url, handlerMs }));

  await sendNext(1);
  const [leaving, staying] = await Promise.all([startConsumer(), startConsumer()]);
  const both = [leaving, staying];
  // Both have their queues, and only their own: each gets some of a round, and nothing of it comes to both.
  await waitUntil('the queues are shared', limitMs, async () => {
    const firstOfRound = next;
    await sendNext(16);
    await waitUntil('the round is handled', limitMs, () => new Set(both.flatMap((process) => process.said('end'))).size === next);
    const shares = both.map((process) => process.said('begin').filter((number) => number >= firstOfRound).length);
    return shares.every((share) => share > 0) && (shares[0] ?? 0) + (shares[1] ?? 0) === 16;
  });

  const firstCounted = next;
  const counted = (process: NumbersProcess, what: 'begin' | 'end') =>
    process.said(what).filter((number) => number >= firstCounted);
  await sendNext(200);
  await waitUntil(
    'the one that leaves has running handlers',
    limitMs,
    () => counted(leaving, 'begin').length > counted(leaving, 'end').length,
  );
  const stopping = leaving.kill('SIGTERM');
  while (leaving.exit === undefined) await sendNext(1);
  expect(await stopping).toBe(0);
  expect(leaving.child.output).toMatch(/^stopped$/m);
  expect(sorted(leaving.said('end'))).toEqual(sorted(leaving.said('begin')));
  await sendNext(32);

  await waitUntil('everything is handled', limitMs, () => new Set(both.flatMap((process) => process.said('end'))).size === next);
  expect(await staying.kill('SIGTERM')).toBe(0);
  const expected = Array.from({ length: next - firstCounted }, (_, index) => firstCounted + index);
  expect(sorted(both.flatMap((process) => counted(process, 'begin')))).toEqual(expected);

  // What both acknowledged is kept: a third one gets only what comes after.
  const firstNew = next;
  await sendNext(16);
  const third = await startConsumer();
  await waitUntil('the new ones are handled', limitMs, () => new Set(third.said('end')).size >= 16);
  expect(sorted(third.said('begin'))).toEqual(Array.from({ length: 16 }, (_, index) => firstNew + index));
  expect(await third.kill('SIGTERM')).toBe(0);
}, 180_000);
