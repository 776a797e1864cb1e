import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { type BrokerConfig, defaultBrokerConfig } from '../config/broker-config.js';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { createSubscriptionGroupManager } from './create-subscription-group-manager.js';
import { defaultSubscriptionGroup } from './subscription-group-json.js';

const directory = '/store/config';
const path = `${directory}/subscriptionGroup.json`;

function open(fileSystem = new MemoryFileSystem(), overrides: Partial<BrokerConfig> = {}, autoCreatedGroupCountMax?: number) {
  const config = { ...defaultBrokerConfig, ...overrides };
  return createSubscriptionGroupManager({
    environment: virtualEnvironment(1),
    fileSystem,
    directory,
    config,
    autoCreatedGroupCountMax,
  });
}

test('a first start has the groups of an Apache broker', async () => {
  expect([...(await open()).all().keys()]).toEqual([
    'TOOLS_CONSUMER',
    'FILTERSRV_CONSUMER',
    'SELF_TEST_C_GROUP',
    'CID_ONS-HTTP-PROXY',
    'CID_ONSAPI_PULL',
    'CID_ONSAPI_PERMISSION',
    'CID_ONSAPI_OWNER',
    'CID_RMQ_SYS_TRANS',
  ]);
});

test('a group is created when a client first names it, unless that is switched off or the name is illegal', async () => {
  const groups = await open();
  expect(groups.find('g')).toEqual(defaultSubscriptionGroup('g'));
  expect(groups.find('g')).toBe(groups.find('g'));
  expect(groups.find('g@h')).toBeUndefined();
  expect(groups.find('g'.repeat(121))).toBeUndefined();
  const closed = await open(undefined, { autoCreateSubscriptionGroup: false });
  expect(closed.find('g')).toBeUndefined();
  expect(closed.find('CID_RMQ_SYS_TRANS')).toBeDefined();
});

test('clients cannot make more groups than the limit', async () => {
  const groups = await open(undefined, {}, 9);
  expect(groups.find('a')).toBeDefined();
  expect(groups.find('b')).toBeUndefined();
});

test('what was persisted comes back, with members unknown here', async () => {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory(directory);
  const apache = {
    dataVersion: { counter: 3, timestamp: 5 },
    forbiddenTable: { g: { T: 4 } },
    subscriptionGroupTable: {
      g: { groupName: 'g', retryMaxTimes: 3, consumeEnable: false, groupRetryPolicy: { type: 'EXPONENTIAL' } },
    },
  };
  await fileSystem.writeFileAtomically(path, Buffer.from(JSON.stringify(apache)));
  const groups = await open(fileSystem);
  expect(groups.find('g')).toEqual({ ...defaultSubscriptionGroup('g'), retryMaxTimes: 3, consumeEnable: false });
  groups.update({ ...defaultSubscriptionGroup('g'), retryMaxTimes: 4 });
  await groups.persist();
  const written = JSON.parse((await fileSystem.readFile(path))?.toString() ?? '');
  expect(written.subscriptionGroupTable.g).toMatchObject({ retryMaxTimes: 4, groupRetryPolicy: { type: 'EXPONENTIAL' } });
  expect(written.forbiddenTable).toEqual({ g: { T: 4 } });
  expect(written.dataVersion.counter).toBeGreaterThan(3);
  expect((await open(fileSystem)).find('g')?.retryMaxTimes).toBe(4);
});

test('a deleted group is gone with all members of its and with what it was forbidden', async () => {
  const fileSystem = new MemoryFileSystem();
  const groups = await open(fileSystem);
  groups.update({ ...defaultSubscriptionGroup('g'), retryMaxTimes: 3 }, { groupRetryPolicy: { type: 'EXPONENTIAL' } });
  expect(groups.setReadForbidden('g', 'T', true)).toBe(true);
  expect(groups.setReadForbidden('h', 'T', true)).toBe(true);
  expect(groups.describe('g')).toEqual({
    ...defaultSubscriptionGroup('g'),
    retryMaxTimes: 3,
    groupRetryPolicy: { type: 'EXPONENTIAL' },
  });
  const before = groups.dataVersion;
  expect([groups.delete('g'), groups.delete('g')]).toEqual([true, false]);
  expect(groups.dataVersion.counter).toBe(before.counter + 1);
  await groups.persist();
  const again = await open(fileSystem, { autoCreateSubscriptionGroup: false });
  expect([again.find('g'), again.describe('g'), again.isReadForbidden('g', 'T')]).toEqual([undefined, undefined, false]);
  expect([again.isReadForbidden('h', 'T'), again.forbidden('h'), again.forbiddenGroups()]).toEqual([true, { T: 4 }, ['h']]);
  expect((await open(fileSystem)).find('g')).toEqual(defaultSubscriptionGroup('g'));
});

test('what was forbidden to a group that does not exist is forgotten when it is deleted', async () => {
  const fileSystem = new MemoryFileSystem();
  const groups = await open(fileSystem);
  groups.setReadForbidden('h', 'T', true);
  await groups.persist();
  expect(groups.delete('h')).toBe(false);
  await groups.persist();
  expect((await open(fileSystem)).forbiddenGroups()).toEqual([]);
});
