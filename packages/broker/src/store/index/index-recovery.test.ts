/** Promise I15 for the index: whatever its files are at a start, they end as the log says, entry by entry, and nothing false is found. */
import { expect, test } from 'vitest';
import {
  expectedIndexFiles,
  IndexTestLog,
  indexDirectory,
  indexFileNames,
  indexFiles,
  openIndex,
} from '../../test-support/index-testbed.js';
import { MemoryFileSystem } from '../io/memory-file-system.js';

const small = { maxHashSlotNum: 5, maxIndexNum: 16 };
const big = { maxHashSlotNum: 5, maxIndexNum: 100 };

interface Damage {
  readonly name: string;
  readonly layout: typeof small;
  /** Whether an operator is told, after a stop in order. */
  readonly isTold: boolean;
  readonly messages?: number;
  readonly change: (log: IndexTestLog, files: { readonly path: string; readonly bytes: Buffer }[]) => Promise<void>;
}

async function logOf(count: number, fileSizeBytes?: number): Promise<IndexTestLog> {
  const log = new IndexTestLog({ fileSystem: new MemoryFileSystem(), ...(fileSizeBytes === undefined ? {} : { fileSizeBytes }) });
  for (let index = 0; index < count; index += 1) {
    await log.append({ uniqueKey: `u${index}`, keys: `k${index % 3}`, ...(index % 2 === 0 ? { tags: 't' } : {}) });
    await log.environment.time.advance(1300);
  }
  return log;
}

async function write(log: IndexTestLog, path: string, bytes: Uint8Array): Promise<void> {
  await log.fileSystem.writeFileAtomically(path, bytes);
}

const at = { count: 36, endOffset: 24, begin: 0, slots: 40, entries: 40 + 4 * 5 };

const damages: readonly Damage[] = [
  { name: 'nothing', layout: small, isTold: false, change: async () => undefined },
  {
    name: 'all files missing',
    layout: small,
    isTold: false,
    change: async (log) => log.fileSystem.removeDirectory(indexDirectory),
  },
  {
    name: 'the oldest file missing',
    layout: small,
    isTold: true,
    change: async (log, files) => log.fileSystem.remove(files[0]?.path ?? ''),
  },
  {
    name: 'one in the middle missing',
    layout: small,
    isTold: true,
    change: async (log, files) => log.fileSystem.remove(files[1]?.path ?? ''),
  },
  {
    name: 'the newest file missing',
    layout: small,
    isTold: false,
    change: async (log, files) => log.fileSystem.remove(files.at(-1)?.path ?? ''),
  },
  {
    name: 'another length',
    layout: small,
    isTold: true,
    change: async (log, files) => write(log, files[1]?.path ?? '', (files[1]?.bytes ?? Buffer.alloc(0)).subarray(0, 300)),
  },
  {
    name: 'the newest file only just created',
    layout: small,
    isTold: false,
    change: async (log, files) => write(log, files.at(-1)?.path ?? '', new Uint8Array(0)),
  },
  {
    name: 'a foreign name beside them',
    layout: small,
    isTold: true,
    change: async (log) => write(log, `${indexDirectory}/notes.txt`, Buffer.from('mine')),
  },
  {
    name: 'a header of zeros',
    layout: big,
    isTold: false,
    change: async (log, files) => {
      files[0]?.bytes.fill(0, 0, 40);
      await write(log, files[0]?.path ?? '', files[0]?.bytes ?? Buffer.alloc(0));
    },
  },
  {
    name: 'a count that is too large',
    layout: big,
    isTold: true,
    change: async (log, files) => {
      files[0]?.bytes.writeInt32BE(90, at.count);
      await write(log, files[0]?.path ?? '', files[0]?.bytes ?? Buffer.alloc(0));
    },
  },
  {
    name: 'slots of zeros',
    layout: big,
    isTold: true,
    change: async (log, files) => {
      files[0]?.bytes.fill(0, at.slots, at.entries);
      await write(log, files[0]?.path ?? '', files[0]?.bytes ?? Buffer.alloc(0));
    },
  },
  {
    name: 'entries that were not written',
    layout: big,
    isTold: true,
    change: async (log, files) => {
      files[0]?.bytes.fill(0, at.entries + 20 * 11);
      await write(log, files[0]?.path ?? '', files[0]?.bytes ?? Buffer.alloc(0));
    },
  },
  {
    name: 'an older state of everything',
    layout: small,
    isTold: false,
    messages: 30,
    change: async () => undefined,
  },
];

test.each(damages.map((damage) => [damage.name, damage] as const))('%s', async (_name, { change, isTold, layout, messages }) => {
  for (const wasStoppedCleanly of [true, false]) {
    const log = await logOf(20);
    await openIndex(log, layout).stop();
    for (let index = 20; index < (messages ?? 0); index += 1) await log.append({ uniqueKey: `u${index}` });
    const files = (await indexFileNames(log)).map((name) => `${indexDirectory}/${name}`);
    const contents = await indexFiles(log);
    await change(
      log,
      files.map((path, index) => ({ path, bytes: Buffer.from(contents[index] ?? []) })),
    );
    log.tail = log.newTail();
    const index = openIndex(log, { ...layout, wasStoppedCleanly });
    for (const message of log.messages) expect(await index.find(message.uniqueKey ?? '')).toEqual([message.physicalOffset]);
    expect(await index.stop()).toBe(true);
    if (wasStoppedCleanly) expect(index.warnings.length > 0).toBe(isTold);
    const after = (await indexFiles(log)).filter((bytes) => bytes.length > 4);
    expect(comparable(after)).toEqual(comparable(expectedIndexFiles(log.messages, layout)));
  }
});

/** Space behind the last entry may have anything: nothing reads it. */
function comparable(files: readonly Buffer[]): readonly Buffer[] {
  return files.map((file) => file.subarray(0, at.entries + 20 * file.readInt32BE(at.count)));
}

test('an index ahead of the log is cut to it, and nothing behind the log’s end is found', async () => {
  for (const kept of [0, 1, 7, 19]) {
    const log = await logOf(20);
    await openIndex(log, small).stop();
    log.end = log.messages[kept]?.physicalOffset ?? 0;
    log.messages.length = kept;
    log.tail = log.newTail();
    const index = openIndex(log, { ...small, wasStoppedCleanly: false });
    for (let number = 0; number < 20; number += 1) {
      const message = log.messages[number];
      expect(await index.find(`u${number}`)).toEqual(message === undefined ? [] : [message.physicalOffset]);
    }
    const added = await log.append({ uniqueKey: 'new' });
    expect(await index.find('new')).toEqual([added.physicalOffset]);
    expect(await index.stop()).toBe(true);
    expect(comparable(await indexFiles(log))).toEqual(comparable(expectedIndexFiles(log.messages, small)));
  }
});

test('one bit flipped anywhere in the header, the slots and the entries never gives a false message, and is repaired', async () => {
  const pristine = await logOf(6);
  await openIndex(pristine, big).stop();
  const [name = ''] = await indexFileNames(pristine);
  const [bytes = Buffer.alloc(0)] = await indexFiles(pristine);
  const usedBytes = at.entries + 20 * bytes.readInt32BE(at.count);
  const expected = comparable(expectedIndexFiles(pristine.messages, big));
  for (let bit = 0; bit < usedBytes * 8; bit += 13) {
    const byte = bit >> 3;
    // Nothing reads entry 0 and the seconds of entry 1.
    if ((byte >= at.entries && byte < at.entries + 20) || (byte >= at.entries + 32 && byte < at.entries + 36)) continue;
    const damaged = Buffer.from(bytes);
    damaged[byte] = (damaged[byte] ?? 0) ^ (1 << (bit & 7));
    await write(pristine, `${indexDirectory}/${name}`, damaged);
    const index = openIndex(pristine, big);
    for (const message of pristine.messages.slice(0, 3)) {
      const found = await index.find(message.uniqueKey ?? '');
      expect(found.filter((offset) => offset !== message.physicalOffset)).toEqual([]);
    }
    expect(await index.stop()).toBe(true);
    expect(comparable(await indexFiles(pristine)), `byte ${byte}`).toEqual(expected);
    for (const left of await indexFileNames(pristine))
      if (left !== name) await pristine.fileSystem.remove(`${indexDirectory}/${left}`);
  }
}, 60_000);

test('a clock that goes back still gives names that sort behind the others', async () => {
  const log = await logOf(3);
  const index = openIndex(log, { maxHashSlotNum: 5, maxIndexNum: 4 });
  await index.find('u0');
  log.environment.time.jumpWallClock(-86_400_000);
  await log.append({ uniqueKey: 'later', keys: 'a b c d e f' });
  await index.stop();
  const names = await indexFileNames(log);
  expect(names.length).toBeGreaterThan(3);
  expect(names).toEqual(names.toSorted());
  expect(new Set(names.map((each) => each.length))).toEqual(new Set([17]));
});
