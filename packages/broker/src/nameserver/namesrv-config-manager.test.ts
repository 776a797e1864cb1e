import { silentLogger } from '@orbitmq/core/kernel';
import { expect, test } from 'vitest';
import { defaultNamesrvConfig, type NamesrvConfig } from '../config/namesrv-config.js';
import { waitingUpdatesMax } from '../config/serial-updates.js';
import { MemoryFiles } from '../test-support/memory-files.js';
import { NamesrvConfigManager } from './namesrv-config-manager.js';

const path = '/ns/ns.conf';
const of = (entries: Record<string, string>) => new Map(Object.entries(entries));

function setup(content = '# mine\nlistenPort=9876\n') {
  const files = new MemoryFiles();
  files.contents.set(path, Buffer.from(content));
  const seen: NamesrvConfig[] = [];
  const manager = new NamesrvConfigManager({
    config: { ...defaultNamesrvConfig, configStorePath: path },
    logger: silentLogger,
    files,
    onChange: (config) => void seen.push(config),
  });
  return { files, manager, seen };
}

test('a change is in the file, which keeps its comments, and in effect when it is answered', async () => {
  const { files, manager, seen } = setup();
  expect(await manager.update(of({ orderMessageEnable: 'true', unknownKey: '1' }))).toEqual({ status: 'done' });
  expect(files.text(path)).toBe('# mine\nlistenPort=9876\norderMessageEnable=true\n');
  expect(manager.config.orderMessageEnable).toBe(true);
  expect(seen).toEqual([manager.config]);
  expect(manager.text()).toContain('\norderMessageEnable=true\n');
});

test('what changes nothing writes nothing', async () => {
  const { files, manager, seen } = setup();
  expect(await manager.update(of({ orderMessageEnable: 'false', waitSecondsForService: 'x' }))).toEqual({ status: 'done' });
  expect([files.writeCount, seen.length]).toEqual([0, 0]);
});

test('with a protected key the whole update is refused', async () => {
  const { manager } = setup();
  const update = of({ orderMessageEnable: 'true', kvConfigPath: '/elsewhere' });
  expect(await manager.update(update)).toEqual({ status: 'refused', key: 'kvConfigPath' });
  expect(manager.config.orderMessageEnable).toBe(false);
});

test('what cannot be written does not take effect', async () => {
  const { files, manager, seen } = setup();
  files.isRefusing = true;
  expect(await manager.update(of({ orderMessageEnable: 'true' }))).toMatchObject({ status: 'failed' });
  expect([manager.config.orderMessageEnable, seen.length]).toEqual([false, 0]);
  files.isRefusing = false;
  expect(await manager.update(of({ orderMessageEnable: 'true' }))).toEqual({ status: 'done' });
});

test('updates come one after the other; beyond the limit they are told to come later', async () => {
  const { files, manager } = setup();
  files.hold();
  const updates = Array.from({ length: waitingUpdatesMax }, (_, index) =>
    manager.update(of({ waitSecondsForService: String(index + 100) })),
  );
  expect(await manager.update(of({ enableTopicList: 'false' }))).toEqual({ status: 'busy' });
  await Promise.resolve();
  files.release();
  expect((await Promise.all(updates)).every((result) => result.status === 'done')).toBe(true);
  await manager.settled();
  expect(manager.config.waitSecondsForService).toBe(99 + waitingUpdatesMax);
  expect(files.text(path)).toContain(`waitSecondsForService=${99 + waitingUpdatesMax}\n`);
});

test('a change that a listener throws on fails alone', async () => {
  const { files } = setup();
  let isThrowing = true;
  const manager = new NamesrvConfigManager({
    config: { ...defaultNamesrvConfig, configStorePath: path },
    logger: silentLogger,
    files,
    onChange: () => {
      if (isThrowing) throw new TypeError('a bug');
    },
  });
  for (let n = 0; n < waitingUpdatesMax; n += 1) {
    await expect(manager.update(of({ waitSecondsForService: String(n + 100) }))).rejects.toThrow('a bug');
  }
  isThrowing = false;
  expect(await manager.update(of({ orderMessageEnable: 'true' }))).toEqual({ status: 'done' });
  await manager.settled();
});
