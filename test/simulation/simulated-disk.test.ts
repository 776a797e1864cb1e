/** The simulated disk keeps what was flushed, may lose what was not, and replays. */
import type { File } from '@orbitmq/broker';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { diskFailure, SimulatedDisk } from './simulated-disk.js';

function setUp(seed = 1) {
  const environment = virtualEnvironment(seed);
  return { time: environment.time, disk: new SimulatedDisk({ timers: environment.timers, random: environment.random }) };
}

function write(file: File, kind: 'write' | 'writeDurably', text: string, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    file[kind]([Buffer.from(text)], position, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

function datasync(file: File): Promise<void> {
  return new Promise((resolve) => file.datasync(() => resolve()));
}

test('a power cut takes what was not flushed, a kill does not', async () => {
  const { disk, time } = setUp();
  const build = async () => {
    await disk.makeDirectory('/d');
    const file = await disk.open('/d/f', { create: true });
    await disk.syncDirectory('/d');
    await write(file, 'write', 'flushed ', 0);
    await datasync(file);
    await write(file, 'write', 'only written', 8);
    await disk.open('/d/nameless', { create: true });
  };
  await time.settle(build());
  const killed = disk.crash('everything');
  expect((await time.settle(killed.readFile('/d/f')))?.toString()).toBe('flushed only written');
  expect(await time.settle(killed.readFile('/d/nameless'))).toBeDefined();
  const cut = killed.crash('nothing');
  expect((await time.settle(cut.readFile('/d/f')))?.toString()).toBe('flushed ');
  expect(await time.settle(cut.readFile('/d/nameless'))).toBeUndefined();
});

test('a durable write survives older writes of the same place that were never flushed', async () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const { disk, time } = setUp(seed);
    const build = async () => {
      await disk.writeFileAtomically('/f', Buffer.alloc(0));
      const file = await disk.open('/f', { create: false });
      await write(file, 'write', 'old', 0);
      await write(file, 'writeDurably', 'new', 0);
    };
    await time.settle(build());
    expect((await time.settle(disk.crash('random').readFile('/f')))?.toString()).toBe('new');
  }
});

test('a dead process gets no more answers; a failed operation has no effect', async () => {
  const { disk, time } = setUp();
  await time.settle(disk.writeFileAtomically('/f', Buffer.from('x')));
  disk.failure = ({ kind, path }) => (kind === 'remove' ? diskFailure('EIO', path) : undefined);
  await expect(time.settle(disk.remove('/f'))).rejects.toMatchObject({ code: 'STORE_IO_FAILED', details: { errorCode: 'EIO' } });
  expect(await time.settle(disk.readFile('/f'))).toBeDefined();
  let isAnswered = false;
  disk.crashAt = disk.operationCount + 1;
  void disk.readFile('/f').then(() => {
    isAnswered = true;
  });
  await time.advance(1000);
  expect([disk.isDead, isAnswered]).toEqual([true, false]);
});

test('equal seeds tear equally', async () => {
  const torn = async (seed: number): Promise<string> => {
    const { disk, time } = setUp(seed);
    const build = async () => {
      await disk.writeFileAtomically('/f', Buffer.alloc(8192));
      await write(await disk.open('/f', { create: false }), 'write', 'x'.repeat(8192), 0);
    };
    await time.settle(build());
    return (await time.settle(disk.crash('random').readFile('/f')))?.toString('latin1') ?? '';
  };
  const results = await Promise.all([1, 2, 3, 4].map(torn));
  expect(await Promise.all([1, 2, 3, 4].map(torn))).toEqual(results);
  expect(new Set(results).size).toBeGreaterThan(1);
});
