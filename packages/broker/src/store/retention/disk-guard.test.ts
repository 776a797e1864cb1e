import { silentLogger } from '@orbitmq/core/kernel';
import { expect, test } from 'vitest';
import type { DiskUsage } from '../io/file-system.js';
import { MemoryFileSystem } from '../io/memory-file-system.js';
import { DiskGuard } from './disk-guard.js';

class SizedDisk extends MemoryFileSystem {
  /** Percent in use by directory; an error instead is thrown. */
  readonly percents = new Map<string, number | Error>();

  override async usage(path: string): Promise<DiskUsage | undefined> {
    const percent = this.percents.get(path);
    if (percent instanceof Error) throw percent;
    return percent === undefined ? undefined : { usedBytes: percent * 10, availableBytes: 1000 - percent * 10 };
  }
}

function setup() {
  const disk = new SizedDisk();
  const guard = new DiskGuard({
    fileSystem: disk,
    logger: silentLogger,
    ratios: { maxUsed: 75, cleanForcibly: 85, warning: 90 },
    commitLogDirectory: '/log',
    consumeQueueDirectory: '/queues',
  });
  const at = async (log: number | Error, queues: number | Error = 10) => {
    disk.percents.set('/log', log).set('/queues', queues);
    return [await guard.look(), guard.isFull];
  };
  return { guard, at };
}

test('levels change one percent above each ratio', async () => {
  const { at, guard } = setup();
  expect(await at(75)).toEqual(['plenty', false]);
  expect(await at(76)).toEqual(['scarce', false]);
  expect(await at(85)).toEqual(['scarce', false]);
  expect(await at(86)).toEqual(['critical', false]);
  expect(guard.usage).toEqual({ commitLog: 86, consumeQueue: 10 });
});

test('full above the warning level, and until it is at the forced level again', async () => {
  const { at } = setup();
  expect(await at(90)).toEqual(['critical', false]);
  expect(await at(91)).toEqual(['critical', true]);
  expect(await at(90)).toEqual(['critical', true]);
  expect(await at(86)).toEqual(['critical', true]);
  expect(await at(85)).toEqual(['scarce', false]);
  expect(await at(90)).toEqual(['critical', false]);
});

test('the partition of the queues counts as well, and each has its own flag', async () => {
  const { at } = setup();
  expect(await at(10, 91)).toEqual(['critical', true]);
  expect(await at(91, 86)).toEqual(['critical', true]);
  expect(await at(85, 86)).toEqual(['critical', true]);
  expect(await at(85, 85)).toEqual(['scarce', false]);
});

test('a partition that cannot be read, or has no size, keeps what was known', async () => {
  const { at } = setup();
  expect(await at(new Error('EIO'))).toEqual(['plenty', false]);
  expect(await at(91)).toEqual(['critical', true]);
  expect(await at(new Error('EIO'))).toEqual(['critical', true]);
});

test('what found no room keeps it full until the same finds some', async () => {
  const { at, guard } = setup();
  guard.outOfSpace('log', new Error('ENOSPC'));
  guard.outOfSpace('background', new Error('ENOSPC'));
  expect(await at(10)).toEqual(['plenty', true]);
  guard.hasRoom('log');
  expect([guard.isFull, guard.isShort('log'), guard.isShort('background')]).toEqual([true, false, true]);
  guard.hasRoom('background');
  expect(guard.isFull).toBe(false);
});
