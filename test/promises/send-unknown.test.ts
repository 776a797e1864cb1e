/** A broker that stops in the middle of a send (SIGSTOP): its sender learns that nobody knows, and which id to look for. */
import { consume, createMqApp, defineTopic, producer, silentLogger, textCodec } from 'orbitmq';
import { afterEach, expect, test } from 'vitest';
import { startOrbitServer } from '../interop/orbit-server.js';
import { CleanUps } from '../support/clean-ups.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';

const limitMs = 30_000;
const Letters = defineTopic<string>('letters', { codec: textCodec });
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

test('no answer: unknown with the message id, never failed; the message comes when the broker goes on, under this id', async () => {
  verifies('send-unknown');
  const server = await startOrbitServer(await cleanUps.directory('send-unknown'));
  cleanUps.add(() => server.stop());
  const received: { readonly messageId: string; readonly body: string }[] = [];
  const letters = producer(Letters, { group: 'writers' });
  const readers = { group: 'readers', consumeFrom: 'first' as const };
  const app = await createMqApp({
    url: `rocketmq://${server.namesrvAddr}`,
    providers: [letters, consume(Letters, readers, async ({ messageId, body }) => void received.push({ messageId, body }))],
    logger: silentLogger,
  });
  await app.start();
  cleanUps.add(() => app.stop({ deadlineMs: 0 }));
  await letters.send('first');
  await waitUntil('the first message is consumed', limitMs, () => received.length === 1);

  server.brokerProcess.process.kill('SIGSTOP');
  cleanUps.add(async () => server.brokerProcess.process.kill('SIGCONT'));
  const begin = performance.now();
  const bodies = ['lost?', 'and this?', 'this too?'];
  const ends = await Promise.allSettled(bodies.map((body) => letters.send(body, { timeoutMs: 1000 })));
  expect(performance.now() - begin).toBeLessThan(10_000);
  const ids = new Map<string, string>();
  for (const [index, end] of ends.entries()) {
    expect(end).toMatchObject({
      status: 'rejected',
      reason: { name: 'TransportError', code: 'SEND_OUTCOME_UNKNOWN', outcome: 'unknown', details: { topic: 'letters' } },
    });
    const { details } = (end as PromiseRejectedResult).reason as { readonly details: { readonly messageId: string } };
    ids.set(bodies[index] as string, details.messageId);
  }

  server.brokerProcess.process.kill('SIGCONT');
  await waitUntil('what the network had taken is stored after all', limitMs, () =>
    bodies.every((body) => received.some((message) => message.body === body)),
  );
  for (const body of bodies) {
    expect(new Set(received.filter((message) => message.body === body).map(({ messageId }) => messageId))).toEqual(
      new Set([ids.get(body)]),
    );
  }
}, 90_000);
