import { StoreError } from '@orbitmq/core/kernel';
import type { JsonValue } from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { ConfigFile } from './config-file.js';

const main = '/store/config/table.json';
const backup = `${main}.bak`;
const identity = (value: JsonValue): JsonValue => value;

function setup(fileSystem = new MemoryFileSystem()) {
  const environment = virtualEnvironment(1);
  const table = { content: '{}' };
  const file = new ConfigFile({
    environment,
    fileSystem,
    directory: '/store/config',
    name: 'table.json',
    encode: () => table.content,
  });
  const write = (content: string): Promise<void> => {
    table.content = content;
    file.changed();
    return file.persist();
  };
  /** Without its checksum. */
  const text = async (path: string): Promise<string | undefined> =>
    (await fileSystem.readFile(path))?.toString().replace(/^\{"orbitmqCrc32":"[0-9a-f]{8}",?/, '{');
  return { environment, fileSystem, file, table, write, text };
}

async function withFiles(files: Readonly<Record<string, string>>) {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory('/store/config');
  for (const [path, content] of Object.entries(files)) await fileSystem.writeFileAtomically(path, Buffer.from(content));
  return setup(fileSystem);
}

/** Counts writes and fails those it is told to. */
class FailingFileSystem extends MemoryFileSystem {
  writeCount = 0;
  failuresLeft = 0;

  override async writeFileAtomically(path: string, content: Uint8Array): Promise<void> {
    this.writeCount += 1;
    if (this.failuresLeft > 0) {
      this.failuresLeft -= 1;
      throw new Error('no space left');
    }
    await super.writeFileAtomically(path, content);
  }
}

test('what was written is read again, also what no peer may say', async () => {
  const { file, write } = await withFiles({});
  const name = '"'.repeat(300_000);
  await write(JSON.stringify({ name }));
  expect(await file.load(identity)).toMatchObject({ name });
});

test('without files there is no table, and nothing is written', async () => {
  const { file, fileSystem } = setup();
  expect(await file.load(identity)).toBeUndefined();
  await file.persist();
  expect(await fileSystem.list('/store/config')).toEqual([]);
});

test('what was written is read without back references and however many values it has; what fastjson wrote has references', async () => {
  const own = setup();
  await own.file.load(identity);
  await own.write(`{"a":{"$ref":"x"},"zeros":[${'0,'.repeat(4_000_000)}0]}`);
  const shape = (value: JsonValue): unknown[] => {
    const { a, zeros } = value as { a: JsonValue; zeros: JsonValue[] };
    return [JSON.stringify(a), zeros.length];
  };
  expect(await own.file.load(shape)).toEqual(['{"$ref":"x"}', 4_000_001]);
  const foreign = await withFiles({ [main]: '{"a":{"b":1},"c":{"$ref":"$.a"}}' });
  expect(JSON.stringify(await foreign.file.load(identity))).toBe('{"a":{"b":1},"c":{"b":1}}');
});

test('the last content stays as the backup', async () => {
  const { file, write, text } = setup();
  await file.load(identity);
  await write('{"n":1}');
  expect(await text(backup)).toBeUndefined();
  await write('{"n":2}');
  expect([await text(main), await text(backup)]).toEqual(['{"n":2}', '{"n":1}']);
});

test.each([
  ['missing', {}],
  ['empty', { [main]: '' }],
  ['half written', { [main]: '{"n":2,"m' }],
  ['of another shape', { [main]: '[]' }],
])('a main file that is %s gives way to its backup', async (_name, files) => {
  const { file, write, text } = await withFiles({ ...files, [backup]: '{"n":1}' });
  const decode = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) throw new Error('not a table');
    return value;
  };
  expect(await file.load(decode)).toEqual({ n: 1 });
  await write('{"n":3}');
  // The damaged file never takes the place of the good backup.
  expect([await text(main), await text(backup)]).toEqual(['{"n":3}', '{"n":1}']);
});

test('a damaged main file is kept for whoever repairs it', async () => {
  const { file, text } = await withFiles({ [main]: '{"n":2,"m', [backup]: '{"n":1}' });
  await file.load(identity);
  expect(await text(`${main}.unreadable`)).toBe('{"n":2,"m');
});

test.each([
  ['the main file damaged and no backup', { [main]: 'x y' }],
  ['the main file empty and no backup', { [main]: '' }],
  ['both damaged', { [main]: '{', [backup]: '' }],
  ['only a damaged backup', { [backup]: '{' }],
])('%s: refused, never replaced by an empty table', async (_name, files: Readonly<Record<string, string>>) => {
  const { file, fileSystem } = await withFiles(files);
  await expect(file.load(identity)).rejects.toMatchObject({ code: 'STORE_CORRUPT', message: expect.stringContaining(main) });
  for (const [path, content] of Object.entries(files)) expect((await fileSystem.readFile(path))?.toString()).toBe(content);
});

test('a file that was written here is verified to the last digit; the backup too', async () => {
  const { file, fileSystem, write } = setup();
  await file.load(identity);
  for (const content of ['{"n":11}', '{"n":12}']) await write(content);
  const edit = async (path: string): Promise<void> => {
    const content = (await fileSystem.readFile(path))?.toString() ?? '';
    await fileSystem.writeFileAtomically(path, Buffer.from(content.replace('"n":1', '"n":9')));
  };
  await edit(main);
  const again = setup(fileSystem);
  expect(await again.file.load(identity)).toMatchObject({ n: 11 });
  // Both are there again with the next write.
  expect(again.file.isPersisted).toBe(false);
  again.table.content = '{"n":11}';
  await again.file.persist();
  expect([await again.text(main), await again.text(backup)]).toEqual(['{"n":11}', '{"n":11}']);
  await edit(main);
  await edit(backup);
  const message = expect.stringContaining('does not have its checksum');
  await expect(setup(fileSystem).file.load(identity)).rejects.toMatchObject({ code: 'STORE_CORRUPT', message });
});

test('a file of another broker has no checksum, and gets one', async () => {
  const { file, fileSystem, table } = await withFiles({ [main]: '{"n":1}' });
  expect(await file.load(identity)).toEqual({ n: 1 });
  table.content = '{"n":1}';
  await file.persist();
  expect((await fileSystem.readFile(main))?.toString()).toMatch(/^\{"orbitmqCrc32":"[0-9a-f]{8}","n":1\}$/);
});

test('a file that was changed by hand is read once its checksum is taken out', async () => {
  const { file, fileSystem, write } = setup();
  await file.load(identity);
  await write('{"n":1}');
  const content = (await fileSystem.readFile(main))?.toString() ?? '';
  const edited = content.replace('"n":1', '"n":7');
  await fileSystem.writeFileAtomically(main, Buffer.from(edited));
  const message = expect.stringContaining('take the member orbitmqCrc32 out');
  await expect(setup(fileSystem).file.load(identity)).rejects.toMatchObject({ message });
  await fileSystem.writeFileAtomically(main, Buffer.from(edited.replace(/"orbitmqCrc32":"\w+",/, '')));
  expect(await setup(fileSystem).file.load(identity)).toEqual({ n: 7 });
});

test('after a write that stopped half-way the backup is read', async () => {
  const fileSystem = new FailingFileSystem();
  const { file, write } = setup(fileSystem);
  await file.load(identity);
  await write('{"n":1}');
  fileSystem.failuresLeft = 1;
  await expect(write('{"n":2}')).rejects.toThrow('no space left');
  expect(await setup(fileSystem).file.load(identity)).toMatchObject({ n: 1 });
  await file.persist();
  expect(await setup(fileSystem).file.load(identity)).toMatchObject({ n: 2 });
});

test('changes of one turn share a write, and persist waits for all of them', async () => {
  const fileSystem = new FailingFileSystem();
  const { environment, file, table, text } = setup(fileSystem);
  await file.load(identity);
  for (let n = 1; n <= 100; n++) {
    table.content = `{"n":${n}}`;
    file.changed();
    file.persistSoon();
  }
  await environment.time.advance(10);
  expect([fileSystem.writeCount, await text(main)]).toEqual([1, '{"n":100}']);

  table.content = '{"n":101}';
  file.changed();
  const first = file.persist();
  table.content = '{"n":102}';
  file.changed();
  await Promise.all([first, file.persist(), file.persist()]);
  expect(await text(main)).toBe('{"n":102}');
  expect(fileSystem.writeCount).toBeLessThanOrEqual(3);
});

test('a background write that failed is tried again', async () => {
  const fileSystem = new FailingFileSystem();
  const { environment, file, table, text } = setup(fileSystem);
  await file.load(identity);
  fileSystem.failuresLeft = 2;
  table.content = '{"n":1}';
  file.changed();
  file.persistSoon();
  await environment.time.advance(1500);
  expect(await text(main)).toBeUndefined();
  await environment.time.advance(1000);
  expect(await text(main)).toBe('{"n":1}');
});

/** A table of as many steps as it has entries, and a file of it whose steps wait for the test. */
function steppedSetup(fileSystem: MemoryFileSystem) {
  const environment = virtualEnvironment(1);
  const waiting: (() => void)[] = [];
  const setImmediate = (callback: () => void) => {
    waiting.push(callback);
    return environment.timers.setTimeout(() => undefined, 0);
  };
  const { timers: virtual } = environment;
  const timers = {
    setImmediate,
    setTimeout: virtual.setTimeout.bind(virtual),
    setInterval: virtual.setInterval.bind(virtual),
  };
  const table = { entries: ['a', 'b', 'c'] };
  const flushed: number[] = [];
  const file: ConfigFile = new ConfigFile({
    environment: { ...environment, timers },
    fileSystem,
    directory: '/store/config',
    name: 'table.json',
    encode: function* () {
      const entries = [...table.entries];
      const pieces = [Buffer.from('{"entries":[')];
      for (const [index, entry] of entries.entries()) {
        yield;
        pieces.push(Buffer.from(`${index === 0 ? '' : ','}"${entry}"`));
      }
      pieces.push(Buffer.from(']}'));
      return pieces;
    },
    beforeWrite: async () => void flushed.push(waiting.length),
  });
  /** One turn of the event loop. */
  const turn = async (): Promise<void> => {
    for (const callback of waiting.splice(0)) callback();
    for (let count = 0; count < 20; count += 1) await Promise.resolve();
  };
  const read = async (): Promise<unknown> => {
    const content = await fileSystem.readFile(main);
    return content === undefined ? undefined : (JSON.parse(content.toString()) as { entries: unknown }).entries;
  };
  return { file, flushed, read, table, turn, waiting };
}

test('a table that changes while it is encoded is written as it was, and the change stays pending until it is written as well', async () => {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory('/store/config');
  const { file, flushed, read, table, turn } = steppedSetup(fileSystem);
  file.changed();
  let isFirstDone = false;
  let isSecondDone = false;
  const first = file.persist().then(() => (isFirstDone = true));
  await turn();
  table.entries = ['x', 'y', 'z'];
  file.changed();
  const second = file.persist().then(() => (isSecondDone = true));
  await turn();
  expect([flushed.length, await read(), isFirstDone]).toEqual([0, undefined, false]);
  await turn();
  await first;
  expect([await read(), isFirstDone, isSecondDone]).toEqual([['a', 'b', 'c'], true, false]);
  expect([file.changeCount, file.writtenCount, file.isPersisted]).toEqual([2, 1, false]);
  for (let count = 0; count < 4; count += 1) await turn();
  await second;
  expect([await read(), file.isPersisted, flushed.length]).toEqual([['x', 'y', 'z'], true, 2]);
});

test('steps that fail fail the write, and the next write has the table of then', async () => {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory('/store/config');
  const table = { content: '{"a":1}', isFailing: true };
  const file = new ConfigFile({
    environment: virtualEnvironment(1),
    fileSystem,
    directory: '/store/config',
    name: 'table.json',
    // oxlint-disable-next-line require-yield -- it has one step
    encode: function* () {
      if (table.isFailing) throw new Error('cannot be encoded');
      return [Buffer.from(table.content)];
    },
  });
  file.changed();
  await expect(file.persist()).rejects.toThrow('cannot be encoded');
  expect([file.isPersisted, await fileSystem.readFile(main)]).toEqual([false, undefined]);
  table.isFailing = false;
  await file.persist();
  expect([file.isPersisted, (await fileSystem.readFile(main))?.toString()]).toEqual([true, expect.stringContaining('"a":1}')]);
});

test('a close writes what has changed a last time, in one turn, and nothing is written after it', async () => {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory('/store/config');
  const { file, read, table, turn, waiting } = steppedSetup(fileSystem);
  file.changed();
  file.persist().catch(() => undefined);
  await turn();
  table.entries = ['x'];
  file.changed();
  const closed = file.close();
  // The write that is under way has asked for its next turn already.
  await turn();
  await closed;
  expect([await read(), file.isPersisted, waiting.length]).toEqual([['x'], true, 0]);
  table.entries = ['late'];
  file.changed();
  file.persistSoon();
  await turn();
  await expect(file.persist()).rejects.toMatchObject({ code: 'STORE_IO_FAILED' });
  expect(await read()).toEqual(['x']);
});

test.each(['the flush', 'the rename', 'a write that fails'])(
  'a close ends at its deadline, and what waits for %s then is not written later',
  async (what) => {
    let goOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const disk = { isFailing: what === 'a write that fails' };
    class SlowFileSystem extends MemoryFileSystem {
      override async rename(from: string, to: string): Promise<void> {
        if (what === 'the rename') await gate;
        await super.rename(from, to);
      }

      override async writeFileAtomically(path: string, content: Uint8Array): Promise<void> {
        if (disk.isFailing && path === main) throw new StoreError('STORE_IO_FAILED', 'the disk is full');
        await super.writeFileAtomically(path, content);
      }
    }
    const environment = virtualEnvironment(1);
    const fileSystem = new SlowFileSystem();
    await fileSystem.makeDirectory('/store/config');
    await fileSystem.writeFileAtomically(`${main}.bak`, Buffer.from('{"n":0}'));
    if (what === 'the rename') await fileSystem.writeFileAtomically(main, Buffer.from('{"n":0}'));
    let n = 1;
    const file = new ConfigFile({
      environment,
      fileSystem,
      directory: '/store/config',
      name: 'table.json',
      encode: () => JSON.stringify({ n }),
      beforeWrite: () => (what === 'the flush' ? gate : Promise.resolve()),
    });
    await file.load((value) => value);
    file.changed();
    file.persistSoon();
    const closed = file.close({ deadlineMs: 500 });
    await Promise.all([expect(closed).rejects.toMatchObject({ code: 'STORE_IO_FAILED' }), environment.time.advance(500)]);
    disk.isFailing = false;
    n = 2;
    goOn();
    await environment.time.advance(10_000);
    const left = await fileSystem.readFile(main);
    expect(left?.toString() ?? '').not.toContain(':1');
    expect(left?.toString() ?? '').not.toContain(':2');
  },
);

test('a close writes what changed since a write that was under way, also when that one fails', async () => {
  const disk = { failures: 1 };
  class FailingFileSystem extends MemoryFileSystem {
    override async writeFileAtomically(path: string, content: Uint8Array): Promise<void> {
      if (path === main && disk.failures > 0) {
        disk.failures -= 1;
        await Promise.resolve();
        throw new StoreError('STORE_IO_FAILED', 'for a moment');
      }
      await super.writeFileAtomically(path, content);
    }
  }
  const fileSystem = new FailingFileSystem();
  await fileSystem.makeDirectory('/store/config');
  const { file, table, text, write } = setup(fileSystem);
  const first = write('{"n":1}');
  table.content = '{"n":2}';
  file.changed();
  const closing = file.close();
  await expect(first).rejects.toMatchObject({ code: 'STORE_IO_FAILED' });
  await closing;
  expect(await text(main)).toBe('{"n":2}');
  expect(file.close()).toBe(closing);
});
