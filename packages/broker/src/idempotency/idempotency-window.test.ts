import { virtualEnvironment } from '@orbitmq/testing';
import { expect, it } from 'vitest';
import { defaultBrokerConfig } from '../config/broker-config.js';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import type { PutStatus } from '../store/message-store.js';
import { IdempotencyWindow } from './idempotency-window.js';
import type { KeyClaim } from './key-claim.js';
import { decodeKeySnapshot } from './key-snapshot.js';

const path = '/store/orbitmq/idempotency-keys';
const distanceBytes = 67_108_864;

/** A window over a log of which only the length matters. */
async function startedWindow(keysMax = 10) {
  const environment = virtualEnvironment(1);
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory('/store/orbitmq');
  const store = { minPhysicalOffset: 0, maxPhysicalOffset: 0 };
  const warnings: string[] = [];
  const window = new IdempotencyWindow({
    clock: environment.clock,
    timers: environment.timers,
    logger: { ...environment.logger, warn: (message) => void warnings.push(message) },
    fileSystem,
    config: { ...defaultBrokerConfig, storePathRootDir: '/store', idempotencyKeysMax: keysMax },
    store,
    log: { readLog: async (_, sizeBytes) => Buffer.alloc(sizeBytes) },
    isHalfDecided: () => false,
  });
  await window.start();
  const snapshot = async () => {
    const bytes = await fileSystem.readFile(path);
    return bytes === undefined ? undefined : decodeKeySnapshot(bytes, async () => {});
  };
  return { environment, fileSystem, store, warnings, window, snapshot };
}

function put(window: IdempotencyWindow, key: string, physicalOffset: number, status?: PutStatus): KeyClaim {
  const claim = window.claim('TopicT', key);
  const answer = { queueId: 1, onAppended: () => {}, onDone: () => {} };
  claim.with(answer, false).onAppended(physicalOffset, 0, 0);
  if (status !== undefined) claim.onDone(status);
  return claim;
}

it('writes a snapshot when the log has grown enough, and not before', async () => {
  const { environment, snapshot, store, window } = await startedWindow();
  put(window, 'k', 100, 'PUT_OK');
  store.maxPhysicalOffset = distanceBytes - 1;
  await environment.time.advance(5000);
  expect(await snapshot()).toBeUndefined();
  store.maxPhysicalOffset = distanceBytes;
  await environment.time.advance(5000);
  expect(await snapshot()).toMatchObject({ anchor: { end: distanceBytes }, columns: { count: 1 } });
  await window.stop();
});

it('a snapshot ends before a keyed message whose outcome is open', async () => {
  const { environment, snapshot, store, window } = await startedWindow();
  put(window, 'k', 100, 'PUT_OK');
  const open = put(window, 'l', distanceBytes);
  store.maxPhysicalOffset = distanceBytes + 1000;
  await environment.time.advance(5000);
  expect(await snapshot()).toMatchObject({ anchor: { end: distanceBytes }, columns: { count: 1 } });
  open.onDone('PUT_OK');
  await window.stop();
  expect(await snapshot()).toMatchObject({ anchor: { end: distanceBytes + 1000 }, columns: { count: 2 } });
});

it('a disk that is full costs the snapshot and nothing else', async () => {
  const { environment, fileSystem, store, warnings, window } = await startedWindow();
  fileSystem.writeFileAtomically = () => Promise.reject(new Error('full'));
  put(window, 'k', 100, 'PUT_OK');
  store.maxPhysicalOffset = distanceBytes;
  await environment.time.advance(5000);
  await window.stop();
  expect(warnings).toHaveLength(2);
  expect(window.find('TopicT', 'k')).toMatchObject({ place: { physicalOffset: 100, queueId: 1 } });
});

it.each<[PutStatus, boolean]>([
  ['PUT_OK', true],
  ['FLUSH_DISK_TIMEOUT', true],
  ['TOPIC_NOT_WRITTEN', true],
  ['SERVICE_NOT_AVAILABLE', false],
  ['DISK_FULL', false],
])('a put that ends with %s takes its key: %s', async (status, isKnown) => {
  const { window } = await startedWindow();
  const claim = put(window, 'k', 100);
  const known = window.find('TopicT', 'k');
  expect([known !== undefined && 'pending' in known, window.pendingCount]).toEqual([true, 1]);
  claim.onDone(status);
  expect(await (known as { readonly pending: Promise<unknown> }).pending).toMatchObject({
    status,
    place: { physicalOffset: 100 },
  });
  expect([window.find('TopicT', 'k') !== undefined, window.pendingCount]).toEqual([isKnown, 0]);
});

it('says when keys were forgotten before their time', async () => {
  const { environment, warnings, window } = await startedWindow(2);
  for (const [at, key] of ['a', 'b', 'c'].entries()) put(window, key, at, 'PUT_OK');
  await environment.time.advance(10_000);
  expect(warnings).toEqual([expect.stringMatching(/forgotten before their time/)]);
  expect(window.count).toBe(2);
});

it('forgets only the place that was found wrong', async () => {
  const { window } = await startedWindow();
  put(window, 'k', 200, 'PUT_OK');
  window.forget('TopicT', 'k', { physicalOffset: 100, queueOffset: 0, queueId: 0, isOpenHalf: false });
  expect(window.find('TopicT', 'k')).toMatchObject({ place: { physicalOffset: 200 } });
  window.forget('TopicT', 'k', { physicalOffset: 200, queueOffset: 0, queueId: 0, isOpenHalf: false });
  expect(window.find('TopicT', 'k')).toBeUndefined();
});
