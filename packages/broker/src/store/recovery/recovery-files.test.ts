import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../io/memory-file-system.js';
import { FlushedOffsetFile } from './flushed-offset-file.js';
import { QueueEndsFile } from './queue-ends-file.js';

const mark = { physicalEnd: 1000, lastPhysicalOffset: 900, lastStoreTimestamp: 1_700_000_000_000 };

test('the flushed offset only rises, and a torn slot leaves the one before', async () => {
  const files = new MemoryFileSystem();
  const file = await FlushedOffsetFile.open(files, '/flushed-offset');
  expect(file.flushedOffset).toBe(0);
  for (const offset of [100, 50, 300]) await file.write(offset);
  expect((await FlushedOffsetFile.open(files, '/flushed-offset')).flushedOffset).toBe(300);
  const content = await files.readFile('/flushed-offset');
  const bytesOfSlots = [...Array(28).keys(), ...Array.from({ length: 28 }, (_, at) => 4096 + at)];
  for (const at of bytesOfSlots) {
    const damaged = Buffer.from(content ?? []);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    await files.writeFileAtomically('/flushed-offset', damaged);
    expect([100, 300]).toContain((await FlushedOffsetFile.open(files, '/flushed-offset')).flushedOffset);
  }
});

test('queue ends come back, and any damage or cut makes them absent', async () => {
  const queues = new Map([
    ['Orders', new Map([[0, { minOffset: 3, endOffset: 17 }]])],
    ['__proto__', new Map([[7, { minOffset: 0, endOffset: 1 }]])],
  ]);
  const files = new MemoryFileSystem();
  const file = new QueueEndsFile(files, '/queue-ends.json');
  expect(await file.read()).toBeUndefined();
  await file.write({ mark, queues });
  expect(await file.read()).toEqual({ mark, queues });
  const bytes = (await files.readFile('/queue-ends.json')) ?? Buffer.alloc(0);
  for (let at = 0; at < bytes.length; at += 1) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    for (const content of [damaged, bytes.subarray(0, at)]) {
      await files.writeFileAtomically('/queue-ends.json', content);
      expect(await file.read()).toBeUndefined();
    }
  }
});
