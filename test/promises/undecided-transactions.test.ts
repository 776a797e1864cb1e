/** 100,000 transactions that nobody decides, of a group that nobody is online of, beside one that is decided at once. */
import { ResponseCode } from '@orbitmq/protocol';
import { afterEach, expect, test } from 'vitest';
import { BrokerCalls, type HalfMessagePlace } from '../support/broker-calls.js';
import { startBroker } from '../support/broker-process.js';
import { CleanUps } from '../support/clean-ups.js';
import { freePort } from '../support/free-port.js';
import { anonymousMemoryBytes, hasProcessFacts } from '../support/process-facts.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';

const topic = 'invoices';
const halfTopic = 'RMQ_SYS_TRANS_HALF_TOPIC';
const undecidedCount = 100_000;
const sendsAtOnce = 4000;
/** Beyond what the broker has at its start; most of it are buffers of the log. */
const memoryBytesMax = 192 * 1024 * 1024;
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

test.skipIf(!hasProcessFacts)(
  '100,000 undecided transactions hold up none, and cost bounded memory',
  async () => {
    verifies('transaction-outcome', 'transaction-once');
    const directory = await cleanUps.directory('undecided-transactions');
    const port = await freePort(2);
    const config = { transactionCheckInterval: '1000', transactionTimeOut: '100', flushDiskType: 'ASYNC_FLUSH' };
    const broker = cleanUps.child(await startBroker({ directory, port, config }));
    const calls = await BrokerCalls.connect(`127.0.0.1:${port}`, { timeoutMs: 50_000 });
    cleanUps.add(() => calls.stop());
    const idleBytes = anonymousMemoryBytes(broker.process.pid ?? 0);
    const halves: HalfMessagePlace[] = [];
    for (let from = 0; from < undecidedCount; from += sendsAtOnce) {
      const sends = Array.from({ length: sendsAtOnce }, (_, index) => calls.sendHalf(topic, 'x', `id-${from + index}`));
      halves.push(...(await Promise.all(sends)));
    }
    // A round has written every one of them again.
    let memoryBytes = 0;
    await waitUntil('a round of checks is over', 60_000, async () => {
      memoryBytes = Math.max(memoryBytes, anonymousMemoryBytes(broker.process.pid ?? 0));
      return (await calls.maxOffset(halfTopic, 0)) >= 2 * undecidedCount;
    });
    expect(memoryBytes - idleBytes).toBeLessThan(memoryBytesMax);

    const decided = await calls.sendHalf(topic, 'decided', 'id-decided');
    expect(await calls.endTransaction(decided, 'commit')).toBe(ResponseCode.SUCCESS);
    const [first] = halves;
    const last = halves.at(-1);
    if (first === undefined || last === undefined) throw new Error('no halves');
    for (const half of [last, first]) {
      expect(await calls.endTransaction(half, 'commit')).toBe(ResponseCode.SUCCESS);
      expect(await calls.endTransaction(half, 'commit', true)).not.toBe(ResponseCode.SUCCESS);
    }
    expect((await calls.read(topic, 0)).map(({ body }) => body.toString())).toEqual(['decided', 'x', 'x']);
  },
  120_000,
);
