/** The official client of 5.5.0 with timed messages and recalls, at its own broker and at ours; our client at both. */
import { consume, createMqApp, defineTopic, producer, textCodec } from 'orbitmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Child } from '../support/child.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import { startApacheServer } from './apache/apache-server.js';
import { apacheClassPath, apacheMissing, javaFlags, quickFlags } from './apache/distribution.js';
import type { MqServer } from './mq-server.js';
import { startOrbitServer } from './orbit-server.js';

const missing = apacheMissing();
const limitMs = 240_000;
const recallable = { recallMessageEnable: 'true' };

async function javaClientAt(server: MqServer, home: string): Promise<readonly string[]> {
  const flags = [...javaFlags, ...quickFlags, '-Xmx256m', `-Duser.home=${home}`, '-Drocketmq.client.logLevel=ERROR'];
  const child = new Child('java', [...flags, '-cp', apacheClassPath('5.5.0'), 'TimedMessages', server.namesrvAddr, 'TimedTopic']);
  let text = '';
  child.process.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exit = await waitUntil('the timed messages are through', 150_000, () => child.exit);
  if (exit !== 0) throw new Error(`TimedMessages ended with ${exit}:\n${child.output}`);
  return text.split('\n').filter((line) => line !== '');
}

async function ourClientAt(server: MqServer): Promise<void> {
  const topic = defineTopic<string>('OurTimedTopic', { codec: textCodec });
  const seen = new Map<string, number>();
  const sender = producer(topic, { group: 'our-timed-producers' });
  const receiver = consume(topic, { group: 'our-timed-consumers', consumeFrom: 'first' }, async ({ body, storeTimestamp }) => {
    seen.set(body, storeTimestamp);
  });
  const app = await createMqApp({ url: `rocketmq://${server.namesrvAddr}`, providers: [sender, receiver] });
  await app.start();
  try {
    await sender.send('now');
    const asked = Date.now();
    await sender.send('in 2.5 s', { delay: { ms: 2500 } });
    await sender.send('at a time', { delay: { until: new Date(asked + 3500) } });
    const takenBack = await sender.send('taken back', { delay: { ms: 4000 } });
    await sender.recall(takenBack.recallHandle ?? '');
    await sender.send('last', { delay: { ms: 5000 } });
    await waitUntil('the last one', 90_000, () => seen.has('last') || undefined);
    expect([...seen.keys()].toSorted()).toEqual(['at a time', 'in 2.5 s', 'last', 'now']);
    expect(seen.get('in 2.5 s')).toBeGreaterThanOrEqual(asked + 2500);
    expect(seen.get('at a time')).toBeGreaterThanOrEqual(asked + 3500);
    await expect(sender.recall(takenBack.recallHandle ?? '')).rejects.toMatchObject({
      code: 'BROKER_REFUSED',
      responseCode: 604,
    });
    await expect(sender.recall('no handle')).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
  } finally {
    await app.stop();
  }
}

describe.skipIf(missing !== undefined)(`timed messages at both${missing ?? ''}`, () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let ours: MqServer;
  let theirs: MqServer;

  beforeAll(async () => {
    directory = await temporaryDirectory('timed');
    ours = await startOrbitServer(`${directory.path}/ours`, recallable);
    theirs = await startApacheServer('5.5.0', `${directory.path}/apache`, recallable);
  }, limitMs);

  afterAll(async () => {
    await theirs?.stop();
    await ours?.stop();
    await directory?.remove();
  }, limitMs);

  test(
    'the client of 5.5.0 gets the same from both',
    async () => {
      verifies('timed-message', 'timed-recall', 'java-clients');
      const [atOurs, atTheirs] = await Promise.all([javaClientAt(ours, directory.path), javaClientAt(theirs, directory.path)]);
      expect(atOurs).toEqual(atTheirs);
      expect(atOurs.join('\n')).not.toMatch(/early|late/);
      expect(atOurs.map((line) => line.split(':')[0])).not.toContain('taken-back');
    },
    limitMs,
  );

  test(
    'our client, too',
    async () => {
      await Promise.all([ourClientAt(ours), ourClientAt(theirs)]);
    },
    limitMs,
  );
});
