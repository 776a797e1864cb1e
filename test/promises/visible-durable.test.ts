/** The disk holds a flush back: the bytes are in the file, and nobody sees them, gets an acknowledgement for them or counts them. */
import { ResponseCode } from '@orbitmq/protocol';
import { consume, createMqApp, defineTopic, type MqApp, type Provider, producer, silentLogger, textCodec } from 'orbitmq';
import { afterEach, expect, test } from 'vitest';
import { BrokerCalls, type SendOutcome } from '../support/broker-calls.js';
import { CleanUps } from '../support/clean-ups.js';
import { HeldDisk } from '../support/held-disk.js';
import { type LocalServer, startLocalServer } from '../support/local-server.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';

const limitMs = 20_000;
const Letters = defineTopic<string>('letters', { codec: textCodec });
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

async function startApp(server: LocalServer, providers: readonly Provider[]): Promise<MqApp> {
  const app = await createMqApp({ url: server.url, providers, logger: silentLogger });
  await app.start();
  cleanUps.add(() => app.stop({ deadlineMs: 1000 }));
  return app;
}

async function connect(server: LocalServer): Promise<BrokerCalls> {
  const calls = await BrokerCalls.connect(server.brokerAddr);
  cleanUps.add(() => calls.stop());
  return calls;
}

test('what is written and not flushed is invisible to pull, hold, offset and look-up, and becomes visible with its acknowledgement', async () => {
  verifies('visible-durable');
  const disk = new HeldDisk();
  const server = await startLocalServer(cleanUps, disk, { syncFlushTimeout: 60_000 });
  const received: string[] = [];
  const readers = { group: 'readers-of-letters', consumeFrom: 'first' as const };
  const calls = await connect(server);
  const first = await calls.send('letters', 0, 'first');
  expect(first.kind).toBe('stored');
  await startApp(server, [consume(Letters, readers, async ({ body }) => void received.push(body))]);
  await waitUntil('the first message is consumed', limitMs, () => received.length === 1);

  disk.hold();
  cleanUps.add(async () => disk.release());
  // Its sender does not want to wait for the disk: acknowledged for the page cache only, but no more visible than others.
  const hasty = await calls.send('letters', 0, 'hasty', { WAIT: 'false' });
  if (hasty.kind !== 'stored') throw new Error('the hasty one was not stored');
  const outcomes: SendOutcome[] = [];
  const patient = ['p1', 'p2', 'p3'].map(async (body) => outcomes.push(await calls.send('letters', 0, body)));
  const half = calls.sendHalf('letters', 'half', 'half-1');
  await waitUntil('the flush is held', limitMs, () => disk.heldCount > 0);

  const bodiesOf = async () => (await calls.read('letters', 0)).map(({ body }) => body.toString());
  for (let look = 0; look < 20; look += 1) {
    expect(await bodiesOf()).toEqual(['first']);
    expect(await calls.maxOffset('letters', 0)).toBe(1);
    expect(await calls.view(hasty)).not.toBe(ResponseCode.SUCCESS);
  }
  expect([outcomes, received]).toEqual([[], ['first']]);

  disk.release();
  await Promise.all(patient);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['stored', 'stored', 'stored']);
  expect(await bodiesOf()).toEqual(['first', 'hasty', 'p1', 'p2', 'p3']);
  expect(await calls.view(hasty)).toBe(ResponseCode.SUCCESS);
  await waitUntil('the consumer gets the rest', limitMs, () => received.length === 5);

  // The same for what a commit writes.
  disk.hold();
  const decided = calls.endTransaction(await half, 'commit');
  await waitUntil('the flush of the commit is held', limitMs, () => disk.heldCount > 0);
  for (let look = 0; look < 10; look += 1) expect(await calls.maxOffset('letters', 0)).toBe(5);
  expect(received).toHaveLength(5);
  disk.release();
  expect(await decided).toBe(ResponseCode.SUCCESS);
  await waitUntil('the committed one comes', limitMs, () => received.length === 6);
  expect(received).toEqual(['first', 'hasty', 'p1', 'p2', 'p3', 'half']);
}, 60_000);

test('a flush beyond syncFlushTimeout: the sender is told that it is stored and not durable, and it is delivered once, later', async () => {
  verifies('send-weaker', 'visible-durable');
  const disk = new HeldDisk();
  const server = await startLocalServer(cleanUps, disk, { syncFlushTimeout: 300 });
  const received: { readonly messageId: string; readonly body: string }[] = [];
  const letters = producer(Letters, { group: 'writers' });
  const readers = { group: 'readers-of-letters', consumeFrom: 'first' as const };
  await startApp(server, [
    letters,
    consume(Letters, readers, async ({ messageId, body }) => void received.push({ messageId, body })),
  ]);
  await letters.send('first');
  await waitUntil('the first message is consumed', limitMs, () => received.length === 1);

  disk.hold();
  cleanUps.add(async () => disk.release());
  const error = await letters.send('weak').catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'SEND_WEAKER_DURABILITY', retryable: false, details: { status: 'FLUSH_DISK_TIMEOUT' } });
  expect(received).toHaveLength(1);

  disk.release();
  await letters.send('last');
  await waitUntil('all are consumed', limitMs, () => received.length >= 3);
  const { messageId } = (error as { readonly details: { readonly messageId: string } }).details;
  expect(received.filter(({ body }) => body === 'weak')).toEqual([{ messageId, body: 'weak' }]);
  expect(received).toHaveLength(3);
}, 60_000);
