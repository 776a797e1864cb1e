/** The decision of a transaction, sent again and again, by several connections, before and after a crash: it counts once. */
import { ResponseCode } from '@orbitmq/protocol';
import { afterEach, expect, test } from 'vitest';
import { BrokerCalls, type Decision, type HalfMessagePlace } from '../support/broker-calls.js';
import { startBroker } from '../support/broker-process.js';
import { CleanUps } from '../support/clean-ups.js';
import { freePort } from '../support/free-port.js';
import { verifies } from '../support/verifies.js';

const topic = 'invoices';
const rounds = 20;
const decisions: readonly Decision[] = ['commit', 'rollback', 'commit'];
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

test('the first decision wins over repeated and opposite ones, also over kill -9 of the broker', async () => {
  verifies('transaction-once', 'transaction-outcome');
  const directory = await cleanUps.directory('transaction-once');
  const port = await freePort(2);
  const start = async () => cleanUps.child(await startBroker({ directory, port, config: { transactionTimeOut: '600000' } }));
  const connect = async (): Promise<BrokerCalls> => {
    const calls = await BrokerCalls.connect(`127.0.0.1:${port}`);
    cleanUps.add(() => calls.stop());
    return calls;
  };
  const broker = await start();
  const connections = await Promise.all([connect(), connect(), connect()]);
  const [calls] = connections;
  if (calls === undefined) throw new Error('no connection');

  // It stays open in front of the others: how far all are decided says nothing about them.
  const undecided = await calls.sendHalf(topic, 'undecided', 'id-undecided');
  const halves: { readonly half: HalfMessagePlace; readonly winner: Decision }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const half = await calls.sendHalf(topic, `m${round}`, `id-${round}`);
    // Its repetitions and its opposites come at the same time, behind it and over other connections.
    const winner = round % 2 === 0 ? 'commit' : 'rollback';
    const first = calls.endTransaction(half, winner);
    const others = connections.flatMap((connection) =>
      decisions.map((decision) => connection.endTransaction(half, decision, round % 3 === 0)),
    );
    const codes = await Promise.all([first, ...others]);
    const successes = codes.flatMap((code, index) => (code === ResponseCode.SUCCESS ? [index] : []));
    expect(successes, `round ${round}`).toHaveLength(1);
    // Another connection may have been read first; then its decision is the first one.
    const winnerIndex = successes[0] ?? 0;
    halves.push({ half, winner: winnerIndex === 0 ? winner : (decisions[(winnerIndex - 1) % decisions.length] as Decision) });
  }
  const expected = halves.filter(({ winner }) => winner === 'commit').map(({ half }) => half.messageId.replace('id-', 'm'));
  const stored = async (from: BrokerCalls) => (await from.read(topic, 0)).map(({ body }) => body.toString());
  expect(await stored(calls)).toEqual(expected);

  await broker.kill('SIGKILL');
  const again = await start();
  const after = await connect();
  for (const { half, winner } of halves) {
    expect(await after.endTransaction(half, winner), half.messageId).not.toBe(ResponseCode.SUCCESS);
    expect(await after.endTransaction(half, 'commit', true), half.messageId).not.toBe(ResponseCode.SUCCESS);
  }
  expect(await after.endTransaction(undecided, 'commit')).toBe(ResponseCode.SUCCESS);
  expect(await after.endTransaction(undecided, 'commit')).not.toBe(ResponseCode.SUCCESS);
  expect(await stored(after)).toEqual([...expected, 'undecided']);
  expect(await again.kill('SIGTERM')).toBe(0);
}, 60_000);
