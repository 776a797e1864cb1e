/** Sends with an `idempotencyKey`: repeated after a kill, a cut connection and a restart, each stands once in the log. */
import { join } from 'node:path';
import { consume, createMqApp, defineTopic, producer, type SendReceipt, silentLogger, textCodec } from 'orbitmq';
import { afterEach, expect, test } from 'vitest';
import { startOrbitServer } from '../interop/orbit-server.js';
import { CleanUps } from '../support/clean-ups.js';
import { CuttingDialer } from '../support/cutting-dialer.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';

const limitMs = 60_000;
const count = 300;
const Letters = defineTopic<string>('letters', { codec: textCodec });
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

const keys = Array.from({ length: count }, (_, index) => `letter-${index}`);
const placeOf = ({ queueId, queueOffset, offsetMessageId, transactionId }: SendReceipt) => {
  return { queueId, queueOffset, offsetMessageId, transactionId };
};

interface Desk {
  send(key: string): Promise<SendReceipt>;
  /** Bodies as they came. */
  readonly received: string[];
  stop(): Promise<void>;
}

async function openDesk(url: string, dialer?: CuttingDialer, retryTimes = 2): Promise<Desk> {
  const received: string[] = [];
  const letters = producer(Letters, { group: 'writers', retryTimesWhenSendFailed: retryTimes });
  const readers = { group: 'readers', consumeFrom: 'first' as const };
  const app = await createMqApp({
    url,
    providers: [letters, consume(Letters, readers, async ({ body }) => void received.push(body))],
    logger: silentLogger,
    rocketmq: dialer === undefined ? {} : { dialer },
  });
  await app.start();
  const stop = () => app.stop({ deadlineMs: 5000 });
  cleanUps.add(stop);
  return { received, stop, send: (key) => letters.send(key, { idempotencyKey: key, timeoutMs: 20_000 }) };
}

/** As an application does that has written down what it has to send. */
async function sendUntilStored(desk: Desk, key: string): Promise<SendReceipt> {
  const begin = performance.now();
  for (;;) {
    try {
      return await desk.send(key);
    } catch (error) {
      if (performance.now() - begin > limitMs) throw error;
      await new Promise((resolve) => void setTimeout(resolve, 100));
    }
  }
}

/** A message more in each queue: what comes before it has come. */
async function expectEachOnce(desk: Desk): Promise<void> {
  await waitUntil('all letters come', limitMs, () => new Set(desk.received).size >= count);
  const last = 'the last one';
  await Promise.all(Array.from({ length: 16 }, () => sendUntilStored(desk, last)));
  await waitUntil('the last letter comes', limitMs, () => desk.received.includes(last));
  await new Promise((resolve) => void setTimeout(resolve, 500));
  expect(desk.received.toSorted()).toEqual([...keys, last].toSorted());
}

test('rocketmq: kill -9 between sends and their answers; what is repeated afterwards stands once, with its first place', async () => {
  verifies('idempotent-send');
  const server = await startOrbitServer(await cleanUps.directory('idempotent-send'));
  cleanUps.add(() => server.stop());
  const sender = await openDesk(`rocketmq://${server.namesrvAddr}`);
  const answered = new Map<string, SendReceipt>();
  await sendUntilStored(sender, keys[0] as string);
  const sends = keys.map((key) =>
    sender.send(key).then(
      (receipt) => void answered.set(key, receipt),
      () => undefined,
    ),
  );
  await waitUntil('some are answered', limitMs, () => answered.size > 0);
  await server.restartBroker('SIGKILL');
  await Promise.all(sends);

  const receipts = new Map<string, SendReceipt>();
  await Promise.all(keys.map(async (key) => void receipts.set(key, await sendUntilStored(sender, key))));
  for (const [key, receipt] of answered) expect(placeOf(receipts.get(key) as SendReceipt)).toEqual(placeOf(receipt));
  expect(new Set([...receipts.values()].map(({ offsetMessageId }) => offsetMessageId)).size).toBe(count);

  await server.restartBroker('SIGTERM');
  const again = await Promise.all(keys.slice(0, 20).map((key) => sendUntilStored(sender, key)));
  expect(again.map(placeOf)).toEqual(keys.slice(0, 20).map((key) => placeOf(receipts.get(key) as SendReceipt)));
  await sender.stop();
  // A fresh group sees the whole log.
  const reader = await openDesk(`rocketmq://${server.namesrvAddr}`);
  await waitUntil('the log is read', limitMs, () => sender.received.length + reader.received.length >= count);
  expect([...sender.received, ...reader.received].filter((body, index, all) => all.indexOf(body) !== index)).toEqual([]);
}, 240_000);

test("rocketmq: the connection is cut when the broker has stored the message; the client's own second try stores none", async () => {
  verifies('idempotent-send');
  const server = await startOrbitServer(await cleanUps.directory('idempotent-cut'));
  cleanUps.add(() => server.stop());
  const dialer = new CuttingDialer();
  const desk = await openDesk(`rocketmq://${server.namesrvAddr}`, dialer);
  await sendUntilStored(desk, 'warm');
  dialer.cutAfter('cut-me', 2);
  const receipt = await desk.send('cut-me');
  expect(dialer.cutCount).toBe(2);
  expect(placeOf(await desk.send('cut-me'))).toEqual(placeOf(receipt));
  await sendUntilStored(desk, 'after');
  await waitUntil('all come', limitMs, () => ['warm', 'cut-me', 'after'].every((body) => desk.received.includes(body)));
  await new Promise((resolve) => void setTimeout(resolve, 500));
  expect(desk.received.toSorted()).toEqual(['after', 'cut-me', 'warm']);
}, 120_000);

test('embedded: the same application, started again, sends all of it again', async () => {
  verifies('idempotent-send');
  const url = `embedded:${join(await cleanUps.directory('idempotent-embedded'), 'data')}`;
  const first = await openDesk(url);
  const receipts = await Promise.all(keys.map((key) => first.send(key)));
  await waitUntil('all letters come', limitMs, () => first.received.length >= count);
  await first.stop();
  const second = await openDesk(url);
  const again = await Promise.all(keys.map((key) => second.send(key)));
  expect(again.map(placeOf)).toEqual(receipts.map(placeOf));
  second.received.push(...first.received);
  await expectEachOnce(second);
}, 120_000);
