/** Kills the broker behind every single record of a log full of transactions, and looks what the next start makes of it. */
import {
  checkTransactionStateHeader,
  createRequest,
  decodeProperties,
  decodeRecord,
  endTransactionHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  SysFlag,
  SystemTopic,
} from '@orbitmq/protocol';
import { SeededRandom } from '@orbitmq/testing';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../test-support/fake-connection.js';
import { type MessageTestbed, messageTestbed } from '../test-support/message-testbed.js';

const halfCount = 8;
const interval = 30_000;
const decisions = { commit: SysFlag.TRANSACTION_COMMIT, rollback: SysFlag.TRANSACTION_ROLLBACK } as const;

interface Place {
  readonly queueOffset: number;
  readonly physicalOffset: number;
}

function endRequest(place: Place, decision: number): RemotingCommand {
  const extFields = endTransactionHeader.encode({
    producerGroup: 'PG_T',
    tranStateTableOffset: place.queueOffset,
    commitLogOffset: place.physicalOffset,
    commitOrRollback: decision,
    fromTransactionCheck: true,
    msgId: 'U',
    transactionId: undefined,
    topic: undefined,
    brokerName: undefined,
  });
  return createRequest(RequestCode.END_TRANSACTION, { extFields });
}

/** What the application decided about each key; a producer that is asked answers by it, and repeats itself. */
type Verdicts = Map<string, 'commit' | 'rollback' | 'unknown'>;

function answerChecks(bed: MessageTestbed, producer: FakeConnection, verdicts: Verdicts): Promise<void>[] {
  return producer.notifications.splice(0).flatMap((check) => {
    const header = checkTransactionStateHeader.decodeCommand(check);
    const verdict = verdicts.get(header.msgId ?? '') ?? 'unknown';
    if (verdict === 'unknown') return [];
    const request = endRequest(
      { queueOffset: header.tranStateTableOffset, physicalOffset: header.commitLogOffset },
      decisions[verdict],
    );
    return [bed.process(request), bed.process(request)];
  });
}

async function runRounds(bed: MessageTestbed, verdicts: Verdicts, rounds: number): Promise<void> {
  const producer = new FakeConnection();
  bed.producers.register('PG_T', 'client', producer);
  for (let round = 0; round < rounds; round += 1) {
    await bed.environment.time.advance(interval);
    const answers = answerChecks(bed, producer, verdicts);
    await bed.environment.time.advance(50);
    await Promise.all(answers);
  }
  bed.producers.unregister('PG_T', 'client', producer);
}

const visibleKeys = (bed: MessageTestbed): string[] =>
  bed.store.messages('TopicT').map(({ propertiesBytes }) => decodeProperties(propertiesBytes)['UNIQ_KEY'] ?? '');

async function workload(seed: number): Promise<{ bed: MessageTestbed; verdicts: Verdicts; acked: Map<string, number> }> {
  const random = new SeededRandom(seed);
  const bed = await messageTestbed({ config: { transactionCheckMax: 100 } });
  const verdicts: Verdicts = new Map();
  /** End of the log when the decision was answered: from there on it holds. */
  const acked = new Map<string, number>();
  for (let i = 0; i < halfCount; i += 1) {
    const key = `K${i}`;
    const verdict = (['commit', 'rollback', 'unknown'] as const)[random.int(3)] ?? 'unknown';
    await bed.send({ propertyTable: { TRAN_MSG: 'true', PGROUP: 'PG_T', UNIQ_KEY: key } });
    const half = bed.store.messages(SystemTopic.TRANS_HALF).at(-1)!;
    verdicts.set(key, verdict);
    const isLate = random.int(2) === 0;
    if (verdict === 'unknown' || isLate) continue;
    const connection = new FakeConnection();
    await bed.environment.time.settle(bed.process(endRequest(half, decisions[verdict]), connection));
    expect(connection.lastResponse?.code).toBe(ResponseCode.SUCCESS);
    acked.set(key, bed.store.maxPhysicalOffset);
  }
  await runRounds(bed, new Map([...verdicts].map(([key, verdict]) => [key, random.int(2) === 0 ? verdict : 'unknown'])), 3);
  return { bed, verdicts, acked };
}

describe.each([1, 2, 3, 4])('a log of transactions (seed %i)', (seed) => {
  it('cut behind any record, makes each committed message visible exactly once and no other', async () => {
    const { bed, verdicts, acked } = await workload(seed);
    const ends = [...bed.store.records.keys(), bed.store.maxPhysicalOffset];
    expect(ends.length).toBeGreaterThan(2 * halfCount);
    for (const physicalEnd of ends) {
      const store = bed.store.survivor(physicalEnd);
      const survivors = new Set(
        [...store.records.values()].map((record) => decodeProperties(decodeRecord(record).propertiesBytes)['UNIQ_KEY']),
      );
      // The progress of before the crash may be lost: every decision is in the log.
      const next = await messageTestbed({
        config: { transactionCheckMax: 100 },
        previous: { environment: bed.environment, fileSystem: bed.fileSystem, store },
      });
      await runRounds(next, verdicts, 3);
      const committed = [...verdicts].filter(([key, verdict]) => verdict === 'commit' && survivors.has(key)).map(([key]) => key);
      expect(new Set(visibleKeys(next))).toEqual(new Set(committed));
      expect(visibleKeys(next)).toHaveLength(committed.length);
      for (const [key, ackedAt] of acked) if (ackedAt <= physicalEnd) expect(survivors.has(key)).toBe(true);
      await next.stop();
      await bed.fileSystem.removeDirectory('/store/config');
    }
  });
});
