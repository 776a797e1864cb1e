import { StoreError } from '@orbitmq/core/kernel';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { defaultBrokerConfig } from '../config/broker-config.js';
import { bindBrokerConfig } from '../config/broker-config-rules.js';
import { LiveBrokerConfig } from '../config/live-broker-config.js';
import { parseProperties } from '../config/properties.js';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { BrokerConfigManager, type ConfigEffects } from './broker-config-manager.js';

const path = '/etc/broker.conf';
const fileText = '# ours\nbrokerName = broker-a\nfileReservedTime=48\nwarmMapedFileEnable=true\nmadeUp=1\n';

class RefusingFileSystem extends MemoryFileSystem {
  isRefusing = false;
  readonly written: string[] = [];
  override async writeFileAtomically(file: string, content: Uint8Array): Promise<void> {
    if (this.isRefusing) throw new StoreError('STORE_UNWRITABLE', `cannot write ${file}`);
    await super.writeFileAtomically(file, content);
    if (file === path) this.written.push(Buffer.from(content).toString('latin1'));
  }
}

async function setup(options: { effects?: ConfigEffects; withoutFile?: boolean; waitingMax?: number } = {}) {
  const fileSystem = new RefusingFileSystem();
  await fileSystem.makeDirectory('/etc');
  await fileSystem.writeFileAtomically(path, Buffer.from(fileText));
  fileSystem.written.length = 0;
  const live = new LiveBrokerConfig(bindBrokerConfig(parseProperties(fileText), defaultBrokerConfig).config);
  const manager = new BrokerConfigManager({
    environment: virtualEnvironment(1),
    fileSystem,
    live,
    configFile: options.withoutFile === true ? undefined : path,
    effects: options.effects ?? {},
    waitingMax: options.waitingMax,
  });
  await manager.load();
  const update = (text: string) => manager.update(parseProperties(text));
  const shown = (key: string) => parseProperties(manager.text()).get(key);
  return { fileSystem, live, manager, update, shown };
}

test('a value is in the file, in effect and shown; the rest of the file is as it was', async () => {
  const { fileSystem, live, manager, update, shown } = await setup();
  const before = manager.dataVersion.counter;
  expect(await update('fileReservedTime=60\ndeleteWhen=05')).toEqual({ status: 'done', notes: [] });
  expect(fileSystem.written).toEqual([
    '# ours\nbrokerName = broker-a\nfileReservedTime=60\nwarmMapedFileEnable=true\nmadeUp=1\ndeleteWhen=05\n',
  ]);
  expect([live.view.fileReservedTime, live.view.deleteWhen, shown('fileReservedTime')]).toEqual([60, '05', '60']);
  expect(manager.dataVersion.counter).toBe(before + 1);
  const { config } = bindBrokerConfig(parseProperties(fileSystem.written[0] ?? ''), defaultBrokerConfig);
  expect(config).toEqual(live.configured);
});

test.each([
  ['an unknown key', 'foo=bar', 'the key "foo" is unknown', 'foo', undefined],
  [
    'a value that cannot be read',
    'fileReservedTime=abc',
    '"fileReservedTime" was not changed to "abc"',
    'fileReservedTime',
    '48',
  ],
  ['a value out of range', 'brokerPermission=5', '"brokerPermission" was not changed to "5"', 'brokerPermission', '6'],
  ['a line without a value', 'garbage', 'the key "garbage" is unknown', 'garbage', undefined],
])('%s changes nothing and is told', async (_name, text, note, key, value) => {
  const { fileSystem, manager, update, shown } = await setup();
  const before = manager.dataVersion;
  expect(await update(text)).toEqual({ status: 'done', notes: [expect.stringContaining(note)] });
  expect([fileSystem.written, shown(key), manager.dataVersion]).toEqual([[], value, before]);
});

test.each([
  ['that is the same', 'fileReservedTime=48', []],
  ['nothing at all', '', []],
])('%s: nothing is written', async (_name, text, notes) => {
  const { fileSystem, update } = await setup();
  expect(await update(text)).toEqual({ status: 'done', notes });
  expect(fileSystem.written).toEqual([]);
});

test('a bad value does not keep the good ones out', async () => {
  const { live, update } = await setup();
  await update('fileReservedTime=abc\ndeleteWhen=05');
  expect([live.view.fileReservedTime, live.view.deleteWhen]).toEqual([48, '05']);
});

test('a key that is read at the start waits for the next one', async () => {
  const { fileSystem, live, update, shown } = await setup();
  expect(await update('idempotencyKeysMax=7')).toEqual({
    status: 'done',
    notes: ['idempotencyKeysMax: in effect at the next start'],
  });
  expect([live.view.idempotencyKeysMax, shown('idempotencyKeysMax')]).toEqual([524_288, '7']);
  expect(fileSystem.written[0]).toContain('idempotencyKeysMax=7\n');
});

test('keys without effect and keys of the file that are unknown are kept for the brokers that know them', async () => {
  const { fileSystem, update, shown } = await setup();
  expect(shown('madeUp')).toBe('1');
  await update('warmMapedFileEnable=false\nmadeUp=2\npullThreadPoolQueueCapacity=7');
  expect(parseProperties(fileSystem.written[0] ?? '')).toEqual(
    parseProperties(
      'brokerName=broker-a\nfileReservedTime=48\nwarmMapedFileEnable=false\nmadeUp=2\npullThreadPoolQueueCapacity=7',
    ),
  );
  expect([shown('madeUp'), shown('warmMapedFileEnable')]).toEqual(['2', 'false']);
});

test.each(['brokerConfigPath', 'rocketmqHome', 'configBlackList'])('%s is refused, with all that comes with it', async (key) => {
  const { fileSystem, live, update } = await setup();
  expect(await update(`fileReservedTime=60\n${key}=/x`)).toEqual({ status: 'refused', key });
  expect([fileSystem.written, live.view.fileReservedTime]).toEqual([[], 48]);
});

test('what configBlackList names is refused', async () => {
  const { live, update } = await setup();
  live.configure({ configBlackList: 'listenPort; fileReservedTime' });
  expect(await update('fileReservedTime=60')).toEqual({ status: 'refused', key: 'fileReservedTime' });
});

test('a file that cannot be written changes nothing', async () => {
  const { fileSystem, live, update, shown } = await setup();
  fileSystem.isRefusing = true;
  expect(await update('fileReservedTime=60')).toEqual({ status: 'failed', reason: expect.stringContaining(path) });
  expect([live.view.fileReservedTime, shown('fileReservedTime')]).toEqual([48, '48']);
  fileSystem.isRefusing = false;
  expect((await update('fileReservedTime=60')).status).toBe('done');
});

test('what was changed in the file by hand stays', async () => {
  const { fileSystem, update, shown } = await setup();
  await fileSystem.writeFileAtomically(path, Buffer.from('# by hand\nmadeUp=7\n'));
  await update('fileReservedTime=60');
  expect(fileSystem.written.at(-1)).toBe('# by hand\nmadeUp=7\nfileReservedTime=60\n');
  expect(shown('madeUp')).toBe('7');
});

test('without a file a change lasts as long as the broker, and says so where it would need a start', async () => {
  const { fileSystem, live, update } = await setup({ withoutFile: true });
  expect(await update('fileReservedTime=60')).toEqual({ status: 'done', notes: [] });
  expect(await update('idempotencyKeysMax=7')).toEqual({ status: 'done', notes: [expect.stringContaining('without effect')] });
  expect([live.view.fileReservedTime, fileSystem.written]).toEqual([60, []]);
});

test('updates that come together keep their order, each with its effects', async () => {
  const seen: string[] = [];
  const view: { current?: LiveBrokerConfig } = {};
  const effects: ConfigEffects = {
    fileReservedTime: async () => {
      const value = view.current?.view.fileReservedTime;
      seen.push(`begin ${value}`);
      await Promise.resolve();
      seen.push(`end ${value}`);
    },
  };
  const { live, update, fileSystem } = await setup({ effects });
  view.current = live;
  await Promise.all([50, 51, 52].map((hours) => update(`fileReservedTime=${hours}`)));
  expect(seen).toEqual(['begin 50', 'end 50', 'begin 51', 'end 51', 'begin 52', 'end 52']);
  expect(live.view.fileReservedTime).toBe(52);
  expect(fileSystem.written.map((text) => parseProperties(text).get('fileReservedTime'))).toEqual(['50', '51', '52']);
});

test('an effect that fails is told, and the next update is taken', async () => {
  const failing: ConfigEffects = {
    flushDiskType: () => Promise.reject(new StoreError('STORE_IO_FAILED', 'the disk is gone')),
  };
  const { update } = await setup({ effects: failing });
  expect(await update('flushDiskType=ASYNC_FLUSH')).toEqual({ status: 'failed', reason: 'the disk is gone' });
  expect((await update('fileReservedTime=60')).status).toBe('done');
});

test('at the limit an update is refused at once', async () => {
  const { update } = await setup({ waitingMax: 2 });
  const results = await Promise.all([50, 51, 52].map((hours) => update(`fileReservedTime=${hours}`)));
  expect(results.map(({ status }) => status)).toEqual(['done', 'done', 'busy']);
  expect((await update('fileReservedTime=53')).status).toBe('done');
});

test.each([
  'storePathRootDir=/other',
  'storePathCommitLog=/a,/b',
  'mappedFileSizeCommitLog=65536',
  'mapedFileSizeCommitLog=65536',
  'mappedFileSizeConsumeQueue=2000',
  'mapedFileSizeConsumeQueue=2000',
  'bindAddress=10.9.8.7',
  'listenPort=22',
  'brokerIP1=10.9.8.7',
  'brokerIP2=10.9.8.7',
])('%s is passed over: whether it is right shows at the next start only', async (line) => {
  const { fileSystem, update, manager } = await setup();
  const before = manager.text();
  const key = line.slice(0, line.indexOf('='));
  const note = `"${key}" was not changed: change it in the file, while the broker is stopped`;
  expect(await update(line)).toEqual({ status: 'done', notes: [note] });
  expect([fileSystem.written, manager.text()]).toEqual([[], before]);
});

test('the value that such a key has already is no change', async () => {
  const { update } = await setup();
  expect(await update('listenPort=10911')).toEqual({ status: 'done', notes: [] });
});

test('the old name of a key in the file has the rule of the new one', async () => {
  const { fileSystem, update, manager } = await setup();
  await fileSystem.writeFileAtomically(path, Buffer.from('mapedFileSizeCommitLog=1048576\n'));
  await manager.load();
  fileSystem.written.length = 0;
  const notes = [expect.stringContaining('"mapedFileSizeCommitLog" was not changed to "banana"')];
  expect(await update('mapedFileSizeCommitLog=banana')).toEqual({ status: 'done', notes });
  expect(fileSystem.written).toEqual([]);
});

test('a file that the next start would refuse is not written', async () => {
  const { fileSystem, live, update } = await setup();
  await fileSystem.writeFileAtomically(path, Buffer.from('brokerPermission=banana\n'));
  fileSystem.written.length = 0;
  expect(await update('fileReservedTime=60')).toEqual({
    status: 'failed',
    reason: expect.stringContaining('brokerPermission=banana'),
  });
  expect([fileSystem.written, live.view.fileReservedTime]).toEqual([[], 48]);
});

test('a file that is gone is not made anew with a few keys', async () => {
  const { fileSystem, live, update } = await setup();
  await fileSystem.remove(path);
  expect(await update('fileReservedTime=60')).toEqual({ status: 'failed', reason: expect.stringContaining('is gone') });
  expect([fileSystem.written, live.view.fileReservedTime]).toEqual([[], 48]);
});

test('an effect with a bug fails its own update and none after it', async () => {
  const { update } = await setup({ effects: { deleteWhen: () => Promise.reject(new TypeError('a bug')) }, waitingMax: 2 });
  for (const hour of ['05', '06', '07']) await expect(update(`deleteWhen=${hour}`)).rejects.toThrow('a bug');
  expect((await update('fileReservedTime=60')).status).toBe('done');
});
