import {
  createRequest,
  encodeBatch,
  encodeProperties,
  endTransactionHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  SysFlag,
} from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { type MessageTestbed, messageTestbed, type SendFields, sendRequest } from '../../test-support/message-testbed.js';

const IDEMPOTENCY_KEY = 'ORBITMQ_IDEMPOTENCY_KEY';
const windowMs = 600_000;

/** A message with the key `k` and, like every one of a client's, an id of its own. */
let ids = 0;
function keyed(key: string, fields: SendFields = {}): SendFields {
  ids += 1;
  return { ...fields, propertyTable: { UNIQ_KEY: `U${ids}`, [IDEMPOTENCY_KEY]: key, ...fields.propertyTable } };
}

const delayed = (key: string): SendFields => keyed(key, { queueId: 2, propertyTable: { DELAY: '1' } });
const half = (key: string): SendFields =>
  keyed(key, { queueId: 1, sysFlag: SysFlag.TRANSACTION_PREPARED, propertyTable: { TRAN_MSG: 'true', PGROUP: 'PG_T' } });

const putCount = (bed: MessageTestbed): number => bed.store.puts.length;

/** The same answer, field for field, and nothing stored. */
async function expectRepeat(bed: MessageTestbed, send: SendFields, first: RemotingCommand): Promise<void> {
  const before = putCount(bed);
  const answer = await bed.send(send);
  expect([answer.code, answer.remark, answer.extFields]).toEqual([first.code, first.remark, first.extFields]);
  expect(putCount(bed)).toBe(before);
}

async function expectStored(bed: MessageTestbed, send: SendFields): Promise<RemotingCommand> {
  const before = putCount(bed);
  const answer = await bed.send(send);
  expect(answer.code).toBe(ResponseCode.SUCCESS);
  expect(putCount(bed)).toBe(before + 1);
  return answer;
}

async function restarted(bed: MessageTestbed, store = bed.store.survivor(), options: { readonly isKilled?: boolean } = {}) {
  if (options.isKilled !== true) await bed.stop();
  return messageTestbed({ config: bed.config, previous: { environment: bed.environment, fileSystem: bed.fileSystem, store } });
}

async function end(bed: MessageTestbed, answer: RemotingCommand, commitOrRollback: number): Promise<void> {
  const extFields = endTransactionHeader.encode({
    producerGroup: 'PG_T',
    tranStateTableOffset: Number(answer.extFields?.['queueOffset']),
    commitLogOffset: Number.parseInt(answer.extFields?.['msgId']?.slice(16) ?? '', 16),
    commitOrRollback,
    fromTransactionCheck: false,
    msgId: 'U',
    transactionId: 'U',
    topic: undefined,
    brokerName: undefined,
  });
  await bed.environment.time.settle(bed.process(createRequest(RequestCode.END_TRANSACTION, { extFields })));
}

describe('a send with a key', () => {
  it('is stored as it came; a repeat stores nothing and gets the first answer, whoever asks and for whatever queue', async () => {
    const bed = await messageTestbed();
    const first = await expectStored(bed, keyed('k', { queueId: 3 }));
    await expectRepeat(bed, keyed('k', { queueId: 3 }), first);
    await expectRepeat(bed, keyed('k', { queueId: 1, producerGroup: 'PG_OTHER' }), first);
    await expectRepeat(bed, keyed('k', { propertyTable: { CLUSTER: 'the long way' } }), first);
    expect(bed.store.messages('TopicT', 3)[0]?.propertiesBytes.toString()).toContain(`${IDEMPOTENCY_KEY}\u0001k`);
  });

  it('is another one for another topic, and for another key', async () => {
    const bed = await messageTestbed();
    await expectStored(bed, keyed('k'));
    await expectStored(bed, keyed('k', { topic: 'TopicU' }));
    await expectStored(bed, keyed('l'));
  });

  it('is known to the last millisecond of the window', async () => {
    const bed = await messageTestbed();
    const first = await expectStored(bed, keyed('k'));
    await bed.environment.time.advance(windowMs - 1);
    await expectRepeat(bed, keyed('k'), first);
    await bed.environment.time.advance(1);
    await expectStored(bed, keyed('k'));
  });

  it('is known no longer because the clock was set back', async () => {
    const bed = await messageTestbed();
    await expectStored(bed, keyed('k'));
    bed.environment.time.jumpWallClock(-3_600_000);
    await bed.environment.time.advance(windowMs);
    await expectStored(bed, keyed('k'));
  });

  it('is forgotten when idempotencyKeysMax newer ones came', async () => {
    const bed = await messageTestbed({ config: { idempotencyKeysMax: 2 } });
    await expectStored(bed, keyed('a'));
    await expectStored(bed, keyed('b'));
    const last = await expectStored(bed, keyed('c'));
    await expectRepeat(bed, keyed('c'), last);
    await expectStored(bed, keyed('a'));
  });

  it('means nothing when the window is 0', async () => {
    const bed = await messageTestbed({ config: { idempotencyWindowMs: 0 } });
    await expectStored(bed, keyed('k'));
    await expectStored(bed, keyed('k'));
    await expectStored(bed, keyed('k'.repeat(300)));
  });

  it('waits for the first one under way and shares its success', async () => {
    const bed = await messageTestbed();
    const [one, two] = [new FakeConnection(), new FakeConnection()];
    void bed.process(sendRequest(keyed('k', { queueId: 2 }), 0), one);
    void bed.process(sendRequest(keyed('k'), 0), two);
    await bed.environment.time.advance(0);
    expect([putCount(bed), one.responses.length, two.responses.length]).toEqual([1, 0, 0]);
    await bed.environment.time.advance(1);
    expect([putCount(bed), two.responses.length]).toEqual([1, 1]);
    expect(two.lastResponse?.extFields).toEqual(one.lastResponse?.extFields);
    expect(two.lastResponse?.extFields?.['queueId']).toBe('2');
  });

  it('shares the refusal of the first one, and is stored when it comes again', async () => {
    const bed = await messageTestbed();
    bed.store.nextStatuses.push('BUSY');
    const [one, two] = [new FakeConnection(), new FakeConnection()];
    void bed.process(sendRequest(keyed('k'), 0), one);
    void bed.process(sendRequest(keyed('k'), 0), two);
    await bed.environment.time.advance(5);
    expect([one.lastResponse?.code, two.lastResponse?.code]).toEqual([ResponseCode.SYSTEM_BUSY, ResponseCode.SYSTEM_BUSY]);
    await expectStored(bed, keyed('k'));
  });

  it('is answered by nobody when nobody knows what became of the first one', async () => {
    const bed = await messageTestbed();
    bed.store.nextStatuses.push('FAILED_AFTER_APPEND');
    const [one, two] = [new FakeConnection(), new FakeConnection()];
    void bed.process(sendRequest(keyed('k'), 0), one);
    void bed.process(sendRequest(keyed('k'), 0), two);
    await bed.environment.time.advance(5);
    expect([one, two].map(({ isOpen, responses }) => [isOpen, responses.length])).toEqual([
      [false, 0],
      [false, 0],
    ]);
  });

  it('that was refused before it was stored leaves its key free', async () => {
    const bed = await messageTestbed();
    expect((await bed.send(keyed('k', { propertyTable: { DELAY: 'x' } }))).code).toBe(ResponseCode.SYSTEM_ERROR);
    await expectStored(bed, keyed('k'));
  });

  it('is refused with another body: it would vanish', async () => {
    const bed = await messageTestbed();
    await expectStored(bed, keyed('k'));
    const other = await bed.send(keyed('k', { body: Buffer.from('other') }));
    expect([other.code, putCount(bed)]).toEqual([ResponseCode.MESSAGE_ILLEGAL, 1]);
    expect(other.remark).toMatch(/another body/);
  });

  it('one-way is stored once', async () => {
    const bed = await messageTestbed();
    const connection = new FakeConnection();
    for (let i = 0; i < 3; i += 1)
      await Promise.all([bed.process(sendRequest(keyed('k', { oneway: true }), 0), connection), bed.environment.time.advance(5)]);
    expect([putCount(bed), connection.responses.length]).toEqual([1, 0]);
  });

  it('takes keys of 255 bytes and refuses longer ones', async () => {
    const bed = await messageTestbed();
    await expectStored(bed, keyed(`${'ä'.repeat(127)}x`));
    expect((await bed.send(keyed('ä'.repeat(128)))).code).toBe(ResponseCode.MESSAGE_ILLEGAL);
  });

  it('to a retry topic is always stored: each retry carries the key of its message', async () => {
    const bed = await messageTestbed();
    await bed.send(keyed('k', { topic: '%RETRY%CG_A', reconsumeTimes: 1 }));
    await bed.send(keyed('k', { topic: '%RETRY%CG_A', reconsumeTimes: 2 }));
    expect(putCount(bed)).toBe(2);
  });

  it('in a batch is refused, whether the batch has the key or a message of it', async () => {
    const bed = await messageTestbed();
    const properties = Buffer.from(encodeProperties({ [IDEMPOTENCY_KEY]: 'k' }));
    const entry = { flag: 0, body: Buffer.from('b') };
    const keyedEntry = encodeBatch([
      { ...entry, properties: '' },
      { ...entry, properties: properties.toString() },
    ]);
    expect((await bed.send({ batch: true, body: keyedEntry })).code).toBe(ResponseCode.MESSAGE_ILLEGAL);
    const plain = encodeBatch([{ ...entry, properties: `A\u0001${IDEMPOTENCY_KEY}` }]);
    expect((await bed.send(keyed('k', { batch: true, body: plain }))).code).toBe(ResponseCode.MESSAGE_ILLEGAL);
    expect((await bed.send({ batch: true, body: plain })).code).toBe(ResponseCode.SUCCESS);
  });

  it('whose place holds another message was not stored: the record decides, not the hash', async () => {
    const bed = await messageTestbed();
    const first = await expectStored(bed, keyed('k'));
    const other = await expectStored(bed, keyed('l'));
    const at = (answer: RemotingCommand): number => Number.parseInt(answer.extFields?.['msgId']?.slice(16) ?? '', 16);
    bed.store.records.set(at(first), bed.store.records.get(at(other)) ?? Buffer.alloc(0));
    const again = await expectStored(bed, keyed('k'));
    await expectRepeat(bed, keyed('k'), again);
  });

  it('whose topic was deleted since is stored again, though its record is still in the log', async () => {
    const bed = await messageTestbed();
    await expectStored(bed, keyed('k'));
    bed.store.queues.set('TopicT@0', []);
    await expectStored(bed, keyed('k'));
  });

  it('whose record expired is answered from what is remembered', async () => {
    const bed = await messageTestbed();
    const first = await expectStored(bed, keyed('k', { queueId: 2 }));
    await expectStored(bed, keyed('l'));
    bed.store.expire('TopicT', 2, 1);
    bed.store.minPhysicalOffset = 100;
    const answer = await bed.send(keyed('k'));
    const { transactionId: _, ...place } = first.extFields ?? {};
    expect([answer.extFields, putCount(bed)]).toEqual([place, 2]);
  });
});

describe('a delayed message with a key', () => {
  it('is scheduled and delivered once', async () => {
    const bed = await messageTestbed();
    const first = await expectStored(bed, delayed('k'));
    expect(first.extFields?.['queueId']).toBe('2');
    await expectRepeat(bed, delayed('k'), first);
    await bed.environment.time.advance(5000);
    await expectRepeat(bed, delayed('k'), first);
    expect(bed.store.messages('TopicT', 2)).toHaveLength(1);
  });
});

describe('a half message with a key', () => {
  it('that is repeated is the same transaction: the first decision counts', async () => {
    const bed = await messageTestbed();
    const first = await expectStored(bed, half('k'));
    await expectRepeat(bed, half('k'), first);
    await end(bed, first, SysFlag.TRANSACTION_COMMIT);
    await expectRepeat(bed, half('k'), first);
    await end(bed, first, SysFlag.TRANSACTION_ROLLBACK);
    expect(bed.store.messages('TopicT', 1)).toHaveLength(1);
  });

  it('that was rolled back leaves its key to a new try', async () => {
    const bed = await messageTestbed();
    await end(bed, await expectStored(bed, half('k')), SysFlag.TRANSACTION_ROLLBACK);
    const second = await expectStored(bed, half('k'));
    await end(bed, second, SysFlag.TRANSACTION_COMMIT);
    await expectRepeat(bed, half('k'), second);
    expect(bed.store.messages('TopicT', 1)).toHaveLength(1);
  });

  it('that nobody decided and that is parked leaves its key, too', async () => {
    const config = { transactionCheckMax: 1, transactionCheckInterval: 1000, transactionTimeOut: 1000 };
    const bed = await messageTestbed({ config });
    await expectStored(bed, half('k'));
    await bed.environment.time.advance(20_000);
    expect(bed.store.messages('TRANS_CHECK_MAX_TIME_TOPIC')).toHaveLength(1);
    await expectStored(bed, half('k'));
  });
});

describe.each([
  ['a stop', false],
  ['a crash', true],
])('after %s', (_, isKilled) => {
  it('all keys of the window are known, with their answers', async () => {
    const bed = await messageTestbed();
    const { time } = bed.environment;
    await expectStored(bed, keyed('old'));
    await time.advance(windowMs / 2);
    const plain = await expectStored(bed, keyed('plain', { queueId: 3 }));
    const late = await expectStored(bed, delayed('delayed'));
    const open = await expectStored(bed, half('open'));
    const done = await expectStored(bed, half('done'));
    await end(bed, done, SysFlag.TRANSACTION_COMMIT);
    await end(bed, await expectStored(bed, half('undone')), SysFlag.TRANSACTION_ROLLBACK);
    await end(bed, await expectStored(bed, half('tried twice')), SysFlag.TRANSACTION_ROLLBACK);
    const second = await expectStored(bed, half('tried twice'));
    await time.advance(5000);
    await time.advance(windowMs / 2 - 5000 - 1);
    const next = await restarted(bed, bed.store.survivor(), { isKilled });
    await expectRepeat(next, keyed('plain'), plain);
    await expectRepeat(next, delayed('delayed'), late);
    await expectRepeat(next, half('open'), open);
    await expectRepeat(next, half('done'), done);
    await expectRepeat(next, half('tried twice'), second);
    await expectStored(next, half('undone'));
    await time.advance(100);
    await expectStored(next, keyed('old'));
    await time.advance(windowMs / 2);
    await expectStored(next, keyed('plain'));
    // The delayed message was delivered later than it was sent; what counts is the latter.
    await expectStored(next, delayed('delayed'));
  });

  it('a delayed message is as old as its sending, not as its delivery', async () => {
    const bed = await messageTestbed();
    const inOneMinute = (): SendFields => keyed('k', { queueId: 2, propertyTable: { DELAY: '5' } });
    await expectStored(bed, inOneMinute());
    await bed.environment.time.advance(windowMs + 1000);
    expect(bed.store.messages('TopicT', 2)).toHaveLength(1);
    await expectStored(await restarted(bed, bed.store.survivor(), { isKilled }), inOneMinute());
  });

  it('keys of records that the log has lost are gone', async () => {
    const bed = await messageTestbed();
    const kept = await expectStored(bed, keyed('kept'));
    const end = bed.store.maxPhysicalOffset;
    await expectStored(bed, keyed('lost'));
    const next = await restarted(bed, bed.store.survivor(end), { isKilled });
    await expectRepeat(next, keyed('kept'), kept);
    await expectStored(next, keyed('lost'));
  });

  it('a clock that was set back makes keys live for one window at most', async () => {
    const bed = await messageTestbed();
    const first = await expectStored(bed, keyed('k'));
    bed.environment.time.jumpWallClock(-86_400_000);
    const next = await restarted(bed, bed.store.survivor(), { isKilled });
    await expectRepeat(next, keyed('k'), first);
    await next.environment.time.advance(windowMs);
    await expectStored(next, keyed('k'));
  });
});

describe('the snapshot of the keys', () => {
  const path = '/store/orbitmq/idempotency-keys';

  it('spares the start the log before it', async () => {
    const bed = await messageTestbed();
    const first = await expectStored(bed, keyed('k'));
    await expectStored(bed, { body: Buffer.alloc(200_000, 1) });
    await bed.stop();
    const store = bed.store.survivor();
    const read = store.readLog.bind(store);
    let readBytes = 0;
    store.readLog = async (physicalOffset, sizeBytes) => {
      const bytes = await read(physicalOffset, sizeBytes);
      readBytes += bytes.length;
      return bytes;
    };
    const next = await restarted(bed, store, { isKilled: true });
    // Its own anchor, and the time of the newest file.
    expect(readBytes).toBeLessThanOrEqual(65_536 + 128);
    await expectRepeat(next, keyed('k'), first);
  });

  it('keeps the answers of records that have expired', async () => {
    const bed = await messageTestbed();
    const first = await expectStored(bed, keyed('k', { queueId: 2 }));
    const { maxPhysicalOffset } = bed.store;
    await expectStored(bed, keyed('l'.repeat(200), { body: Buffer.alloc(66_000, 1) }));
    await bed.stop();
    const store = bed.store.survivor();
    store.records.delete(0);
    store.minPhysicalOffset = maxPhysicalOffset;
    const next = await restarted(bed, store);
    const { transactionId: _, ...place } = first.extFields ?? {};
    expect((await next.send(keyed('k'))).extFields).toEqual(place);
    expect(putCount(next)).toBe(0);
  });

  it.each([
    ['is missing', async (bed: MessageTestbed) => bed.fileSystem.remove(path)],
    ['is damaged', async (bed: MessageTestbed) => bed.fileSystem.writeFileAtomically(path, Buffer.alloc(100, 1))],
    [
      'is cut off',
      async (bed: MessageTestbed) => {
        const bytes = (await bed.fileSystem.readFile(path)) ?? Buffer.alloc(0);
        await bed.fileSystem.writeFileAtomically(path, bytes.subarray(0, -1));
      },
    ],
    [
      'has a changed bit',
      async (bed: MessageTestbed) => {
        const bytes = Buffer.from((await bed.fileSystem.readFile(path)) ?? []);
        bytes[60] = (bytes[60] ?? 0) ^ 1;
        await bed.fileSystem.writeFileAtomically(path, bytes);
      },
    ],
  ])('that %s is replaced by the log', async (_, spoil) => {
    const bed = await messageTestbed();
    const first = await expectStored(bed, keyed('k'));
    await bed.stop();
    expect(await bed.fileSystem.readFile(path)).toBeDefined();
    await spoil(bed);
    await expectRepeat(await restarted(bed, bed.store.survivor(), { isKilled: true }), keyed('k'), first);
  });

  it('of another log, or of a longer one, is not believed', async () => {
    const bed = await messageTestbed();
    const start = bed.store.maxPhysicalOffset;
    await expectStored(bed, keyed('k'));
    await bed.stop();
    // Someone cut the log and wrote as much again.
    const other = bed.store.survivor(start);
    const cut = await restarted(bed, other, { isKilled: true });
    const before = await bed.fileSystem.readFile(path);
    const replacement = await expectStored(cut, keyed('m'));
    await bed.fileSystem.writeFileAtomically(path, before ?? Buffer.alloc(0));
    const next = await restarted(cut, cut.store.survivor(), { isKilled: true });
    await expectStored(next, keyed('k'));
    await expectRepeat(next, keyed('m'), replacement);
  });

  it('and the log behind it make the whole', async () => {
    const bed = await messageTestbed();
    const first = await expectStored(bed, keyed('k'));
    await bed.stop();
    const again = await restarted(bed, bed.store.survivor(), { isKilled: true });
    const second = await expectStored(again, keyed('l'));
    const next = await restarted(again, again.store.survivor(), { isKilled: true });
    await expectRepeat(next, keyed('k'), first);
    await expectRepeat(next, keyed('l'), second);
  });
});
