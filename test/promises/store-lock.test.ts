/** Two brokers want one directory. */
import { afterEach, expect, test } from 'vitest';
import { BrokerCalls } from '../support/broker-calls.js';
import { ended, runBroker, startBroker } from '../support/broker-process.js';
import { CleanUps } from '../support/clean-ups.js';
import { freePort } from '../support/free-port.js';
import { verifies } from '../support/verifies.js';

const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

test('the second mqbroker names the process that has the store and the way out; after kill -9 of the first it starts', async () => {
  verifies('store-lock');
  const directory = await cleanUps.directory('store-lock');
  const [firstPort, secondPort] = [await freePort(2), await freePort(2)];
  const first = cleanUps.child(await startBroker({ directory, port: firstPort }));
  const calls = await BrokerCalls.connect(`127.0.0.1:${firstPort}`);
  cleanUps.add(() => calls.stop());
  expect(await calls.send('kept', 0, 'before')).toMatchObject({ kind: 'stored' });

  const { status, output } = await ended(cleanUps.child(runBroker({ directory, port: secondPort })));
  expect(status).toBe(253);
  expect(output).toContain(`STORE_LOCKED: The store ${directory}/store is in use by process ${first.process.pid}`);
  expect(output).toContain(
    'stop that broker, or use another directory (mqbroker: storePathRootDir; embedded: the path in the URL)',
  );
  // The refused one has done the first no harm.
  expect(await calls.send('kept', 0, 'during')).toMatchObject({ kind: 'stored', queueOffset: 1 });

  await first.kill('SIGKILL');
  const second = cleanUps.child(await startBroker({ directory, port: secondPort }));
  const after = await BrokerCalls.connect(`127.0.0.1:${secondPort}`);
  cleanUps.add(() => after.stop());
  expect((await after.read('kept', 0)).map(({ body }) => body.toString())).toEqual(['before', 'during']);
  expect(await second.kill('SIGTERM')).toBe(0);
}, 60_000);
