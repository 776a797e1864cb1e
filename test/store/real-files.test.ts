/** The store on the machine's own file system: the lock between processes, refusals, kill -9 of a process that appends. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileSystem, nodeFileSystem } from '@orbitmq/broker';
import { systemEnvironment } from '@orbitmq/core/kernel';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Child } from '../support/child.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { waitUntil } from '../support/wait-until.js';
import { openTestStore, put, readQueue } from './store-fixture.js';

const killRounds = 4;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  directory = await temporaryDirectory('store');
});
afterEach(() => directory.remove());

function open(fileSystem: FileSystem = nodeFileSystem(), path = directory.path) {
  return openTestStore(systemEnvironment(), fileSystem, {
    config: { storePathRootDir: path, mappedFileSizeCommitLog: 1_048_576, mappedFileSizeConsumeQueue: 20_000 },
  });
}

function startChild(label: string): Child {
  const script = new URL('./append-child.ts', import.meta.url).pathname;
  const args = [
    '--import',
    'tsx',
    '--conditions=@orbitmq/source',
    script,
    directory.path,
    join(directory.path, 'journal'),
    label,
  ];
  return new Child(process.execPath, args);
}

async function ready(child: Child): Promise<void> {
  await waitUntil('the child appends', 60_000, () => {
    if (child.exit !== undefined) throw new Error(`the child ended (${child.exit}):\n${child.output}`);
    return child.output.includes('ready') || undefined;
  });
}

test('what was stored is there after a stop and a start', async () => {
  const first = open();
  await first.store.start();
  const puts = Array.from({ length: 50 }, (_, index) => put(first.store, 'T', index % 2, `m${index}`.padEnd(1000, 'x')));
  await waitUntil('all are answered', 10_000, () => puts.every(({ status }) => status === 'PUT_OK') || undefined);
  await first.store.stop();
  const second = open();
  await second.store.start();
  expect((await readQueue(second.store, 'T', 1)).map(({ body }) => body.toString().slice(0, 3).replace('x', ''))).toEqual(
    Array.from({ length: 25 }, (_, index) => `m${index * 2 + 1}`),
  );
  await second.store.stop();
});

test('one process per directory: the refusal names the holder, its death frees the store', async () => {
  const child = startChild('holder');
  await ready(child);
  await expect(open().store.start()).rejects.toMatchObject({
    code: 'STORE_LOCKED',
    message: expect.stringContaining(`process ${child.process.pid}`),
  });
  await child.kill('SIGKILL');
  const after = open();
  await after.store.start();
  await expect(open().store.start()).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  await after.store.stop();
  const again = open();
  await again.store.start();
  await again.store.stop();
  expect(await readFile(join(directory.path, 'lock'), 'latin1')).toBe('orbitmq');
}, 120_000);

test('a directory without rights, and a file where a directory should be, are named with a remedy', async () => {
  await writeFile(join(directory.path, 'file'), '');
  await expect(open(nodeFileSystem(), join(directory.path, 'file')).store.start()).rejects.toMatchObject({
    code: 'STORE_UNWRITABLE',
    message: expect.stringContaining(join(directory.path, 'file')),
  });
  if (process.platform === 'linux') {
    // Nobody can make a directory there, the superuser neither.
    await expect(open(nodeFileSystem(), '/proc/orbitmq/store').store.start()).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
      message: expect.stringContaining('/proc/orbitmq'),
    });
  }
  // The superuser may write anywhere.
  if (process.getuid?.() === 0) return;
  await chmod(directory.path, 0o500);
  await expect(open(nodeFileSystem(), join(directory.path, 'new')).store.start()).rejects.toMatchObject({
    code: 'STORE_UNWRITABLE',
    message: expect.stringContaining('storePathRootDir'),
  });
});

test('kill -9 of a process that appends: every answer is in the log, nothing else, offsets without a gap', async () => {
  for (let round = 0; round < killRounds; round += 1) {
    const child = startChild(`round${round}`);
    await ready(child);
    const linesBefore = round * 300;
    await waitUntil('some answers', 30_000, async () => (await journalLines()).length > linesBefore + 300 || undefined);
    await child.kill('SIGKILL');
    const { failures, store } = open();
    await store.start();
    const queues = await Promise.all([0, 1, 2, 3].map((queueId) => readQueue(store, 'journal', queueId)));
    for (const messages of queues) {
      expect(messages.map(({ queueOffset }) => queueOffset)).toEqual(messages.map((_, index) => index));
      for (const { body } of messages) expect(body.toString()).toMatch(/^round\d-\d+-x*$/);
    }
    for (const line of await journalLines()) {
      const [queueId, queueOffset, body] = line.split(' ');
      expect(queues[Number(queueId)]?.[Number(queueOffset)]?.body.toString()).toBe(body);
    }
    await store.stop();
    expect(failures).toEqual([]);
  }
}, 240_000);

/** Whole lines only: the last one may have been cut by the kill. */
async function journalLines(): Promise<string[]> {
  const text = await readFile(join(directory.path, 'journal'), 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}
