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
  transactionGroup,
} from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../test-support/fake-connection.js';
import { type MessageTestbed, messageTestbed, type SendFields, type TestbedOptions } from '../test-support/message-testbed.js';

const interval = 30_000;

function sendHalf(bed: MessageTestbed, fields: SendFields = {}) {
  return bed.send({
    queueId: 2,
    flag: 9,
    sysFlag: SysFlag.TRANSACTION_PREPARED,
    ...fields,
    propertyTable: { TRAN_MSG: 'true', PGROUP: 'PG_T', UNIQ_KEY: 'U', ...fields.propertyTable },
  });
}

function producer(bed: MessageTestbed, group = 'PG_T'): FakeConnection {
  const connection = new FakeConnection();
  bed.producers.register(group, `client-${connection.id}`, connection);
  return connection;
}

/** Decides about the copy that a check names, or about the one at an offset of the half queue. */
async function decide(
  bed: MessageTestbed,
  place: { queueOffset: number; physicalOffset: number },
  decision: number,
): Promise<number | undefined> {
  const connection = new FakeConnection();
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
  await bed.environment.time.settle(bed.process(createRequest(RequestCode.END_TRANSACTION, { extFields }), connection));
  return connection.lastResponse?.code;
}

function placeOf(check: RemotingCommand) {
  const header = checkTransactionStateHeader.decodeCommand(check);
  return { queueOffset: header.tranStateTableOffset, physicalOffset: header.commitLogOffset };
}

const halves = (bed: MessageTestbed) => bed.store.messages(SystemTopic.TRANS_HALF);
const visible = (bed: MessageTestbed) => bed.store.messages('TopicT', 2);
const ops = (bed: MessageTestbed) => bed.store.messages(SystemTopic.TRANS_OP_HALF).map(({ body }) => body.toString());

/** A broker on what another one left when it was killed, with the log up to `physicalEnd`. */
function killed(bed: MessageTestbed, options: TestbedOptions & { readonly physicalEnd?: number } = {}): Promise<MessageTestbed> {
  const { environment, fileSystem } = bed;
  return messageTestbed({ ...options, previous: { environment, fileSystem, store: bed.store.survivor(options.physicalEnd) } });
}

describe('a check', () => {
  it('asks a producer of the group, with the message and the place of its new copy', async () => {
    const bed = await messageTestbed();
    const asked = producer(bed);
    const stranger = producer(bed, 'PG_X');
    await sendHalf(bed);
    await bed.environment.time.advance(interval + 10);
    expect(stranger.notifications).toEqual([]);
    expect(asked.notifications).toHaveLength(1);
    const check = asked.notifications[0]!;
    const copy = halves(bed)[1]!;
    expect(check.flag & 2).toBe(2);
    expect(checkTransactionStateHeader.decodeCommand(check)).toMatchObject({
      tranStateTableOffset: 1,
      commitLogOffset: copy.physicalOffset,
      msgId: 'U',
      transactionId: 'U',
      topic: SystemTopic.TRANS_HALF,
      brokerName: 'broker-a',
    });
    const body = decodeRecord(check.body!);
    expect(body).toMatchObject({
      topic: 'TopicT',
      queueId: 2,
      flag: 9,
      sysFlag: 0,
      queueOffset: 1,
      physicalOffset: copy.physicalOffset,
    });
    expect({ ...decodeProperties(body.propertiesBytes) }).toMatchObject({
      PGROUP: 'PG_T',
      TRANSACTION_CHECK_TIMES: '1',
      TRAN_PREPARED_QUEUE_OFFSET: '0',
    });
    expect(copy.flag).toBe(9);
  });

  it('leaves alone what is younger than transactionTimeOut, and everything behind it', async () => {
    const bed = await messageTestbed();
    const asked = producer(bed);
    await bed.environment.time.advance(interval - 6000 - 1);
    await sendHalf(bed, { bornTimestamp: bed.environment.clock.now() + 2 });
    await bed.environment.time.advance(6000);
    await bed.environment.time.advance(100);
    expect(asked.notifications).toEqual([]);
    await bed.environment.time.advance(interval);
    expect(asked.notifications).toHaveLength(1);
  });

  it('asks in turn, and a producer that is gone not', async () => {
    const bed = await messageTestbed();
    const first = producer(bed);
    const second = producer(bed);
    await sendHalf(bed);
    await bed.environment.time.advance(2 * interval + 10);
    expect([first.notifications.length, second.notifications.length]).toEqual([1, 1]);
    first.close();
    await bed.environment.time.advance(2 * interval);
    expect([first.notifications.length, second.notifications.length]).toEqual([1, 3]);
  });

  it('that is answered makes the message visible, once', async () => {
    const bed = await messageTestbed();
    const asked = producer(bed);
    await sendHalf(bed);
    await bed.environment.time.advance(interval + 10);
    expect(await decide(bed, placeOf(asked.notifications[0]!), SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SUCCESS);
    await bed.environment.time.advance(5 * interval);
    expect(visible(bed)).toHaveLength(1);
    expect(asked.notifications).toHaveLength(1);
  });

  it('and a late first decision together store the message once, whichever comes first', async () => {
    for (const order of ['first copy first', 'second copy first']) {
      const bed = await messageTestbed();
      const asked = producer(bed);
      await sendHalf(bed);
      const original = halves(bed)[0]!;
      await bed.environment.time.advance(interval + 10);
      const places = [original, placeOf(asked.notifications[0]!)];
      if (order === 'second copy first') places.reverse();
      expect(await decide(bed, places[0]!, SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SUCCESS);
      expect(await decide(bed, places[1]!, SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SYSTEM_ERROR);
      await bed.environment.time.advance(3 * interval);
      expect(visible(bed)).toHaveLength(1);
      expect(asked.notifications).toHaveLength(1);
      // Apache's broker on this directory finds an op message for every copy.
      expect(new Set(ops(bed))).toEqual(new Set(['0', '1']));
    }
  });

  it('is not sent for a half that is decided while its copy is being written', async () => {
    const bed = await messageTestbed();
    const asked = producer(bed);
    await sendHalf(bed);
    const original = halves(bed)[0]!;
    await bed.environment.time.runUntil(() => bed.store.puts.length > 2, interval + 10);
    const deciding = decide(bed, original, SysFlag.TRANSACTION_ROLLBACK);
    expect(await deciding).toBe(ResponseCode.SUCCESS);
    await bed.environment.time.advance(5 * interval);
    expect(asked.notifications).toEqual([]);
    expect(visible(bed)).toEqual([]);
  });

  it('parks the half after transactionCheckMax of them, which means rollback', async () => {
    const bed = await messageTestbed({ config: { transactionCheckMax: 3 } });
    const asked = producer(bed);
    await sendHalf(bed);
    await bed.environment.time.advance(3 * interval + 10);
    expect(asked.notifications).toHaveLength(3);
    expect(bed.store.messages(SystemTopic.TRANS_CHECK_MAX_TIME)).toEqual([]);
    await bed.environment.time.advance(interval);
    const [parked] = bed.store.messages(SystemTopic.TRANS_CHECK_MAX_TIME);
    expect(parked).toMatchObject({ flag: 9, sysFlag: 0 });
    expect({ ...decodeProperties(parked!.propertiesBytes) }).toMatchObject({
      REAL_TOPIC: 'TopicT',
      TRANSACTION_CHECK_TIMES: '3',
    });
    expect(bed.topics.get(SystemTopic.TRANS_CHECK_MAX_TIME)).toMatchObject({ writeQueueNums: 1, perm: 6 });
    await bed.environment.time.advance(3 * interval);
    expect(asked.notifications).toHaveLength(3);
    expect(await decide(bed, placeOf(asked.notifications[2]!), SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SYSTEM_ERROR);
    expect(bed.store.messages(SystemTopic.TRANS_CHECK_MAX_TIME)).toHaveLength(1);
    expect(visible(bed)).toEqual([]);
  });

  it('counts when nobody of the group is there to be asked', async () => {
    const bed = await messageTestbed({ config: { transactionCheckMax: 2 } });
    await sendHalf(bed);
    await bed.environment.time.advance(3 * interval + 10);
    expect(bed.store.messages(SystemTopic.TRANS_CHECK_MAX_TIME)).toHaveLength(1);
  });

  it('parks a half that names no group, since nobody can be asked', async () => {
    const bed = await messageTestbed({ config: { transactionCheckMax: 2 } });
    await sendHalf(bed, { propertyTable: { PGROUP: '' } });
    await bed.environment.time.advance(3 * interval + 10);
    expect(bed.store.messages(SystemTopic.TRANS_CHECK_MAX_TIME)).toHaveLength(1);
  });

  it('waits for the immunity time of a message, and does not count the rounds until then', async () => {
    const bed = await messageTestbed({ config: { transactionCheckMax: 2 } });
    const asked = producer(bed);
    await sendHalf(bed, { propertyTable: { CHECK_IMMUNITY_TIME_IN_SECONDS: '100' } });
    await bed.environment.time.advance(3 * interval + 20_000);
    expect(asked.notifications).toEqual([]);
    expect(halves(bed).length).toBeGreaterThan(1);
    await bed.environment.time.advance(10_010);
    expect(asked.notifications).toHaveLength(1);
    expect({ ...decodeProperties(halves(bed).at(-1)!.propertiesBytes) }).toMatchObject({
      TRANSACTION_CHECK_TIMES: '1',
      TRAN_PREPARED_QUEUE_OFFSET: '0',
    });
  });

  it('of many halves costs a few flushes, and one silent producer starves nobody', async () => {
    const bed = await messageTestbed();
    const silent = producer(bed, 'PG_SILENT');
    const asked = producer(bed);
    for (let i = 0; i < 150; i += 1) {
      await sendHalf(bed, { propertyTable: { PGROUP: i % 2 === 0 ? 'PG_SILENT' : 'PG_T', UNIQ_KEY: `U${i}` } });
    }
    await bed.environment.time.advance(interval + 100);
    expect([silent.notifications.length, asked.notifications.length]).toEqual([75, 75]);
  });

  it('that cannot be written is repeated in the next round', async () => {
    const bed = await messageTestbed();
    const asked = producer(bed);
    await sendHalf(bed);
    await bed.environment.time.advance(interval - 100);
    bed.store.nextStatuses.push('BUSY');
    await bed.environment.time.advance(200);
    expect(asked.notifications).toEqual([]);
    await bed.environment.time.advance(interval);
    expect(asked.notifications).toHaveLength(1);
  });
});

describe('a producer that does not read', () => {
  it('is passed over for the next one of its group; one byte less and it is asked', async () => {
    const bed = await messageTestbed({ limits: { checkQueuedBytesMax: 1000 } });
    const stuck = producer(bed);
    const healthy = producer(bed);
    stuck.queuedBytes = 1001;
    await sendHalf(bed);
    await sendHalf(bed, { propertyTable: { UNIQ_KEY: 'V' } });
    await bed.environment.time.advance(interval + 10);
    expect([stuck.notifications.length, healthy.notifications.length]).toEqual([0, 2]);
    stuck.queuedBytes = 1000;
    await bed.environment.time.advance(interval);
    expect([stuck.notifications.length, healthy.notifications.length]).toEqual([1, 3]);
  });

  it('alone in its group costs it no check, costs the disk nothing, and costs other groups no time', async () => {
    const bed = await messageTestbed({ config: { transactionCheckMax: 2 }, limits: { checkQueuedBytesMax: 1000 } });
    const stuck = producer(bed);
    const other = producer(bed, 'PG_OTHER');
    stuck.queuedBytes = 1001;
    for (let i = 0; i < 200; i += 1) await sendHalf(bed);
    await sendHalf(bed, { propertyTable: { PGROUP: 'PG_OTHER', UNIQ_KEY: 'V' } });
    const putCount = bed.store.puts.length;
    await bed.environment.time.advance(interval + 10);
    expect(other.notifications).toHaveLength(1);
    // The half of the other group and its op message.
    expect(bed.store.puts).toHaveLength(putCount + 2);
    await bed.environment.time.advance(5 * interval);
    expect(bed.store.messages(SystemTopic.TRANS_CHECK_MAX_TIME)).toHaveLength(1);
    stuck.queuedBytes = 0;
    await bed.environment.time.advance(interval);
    expect(stuck.notifications).toHaveLength(200);
  });
});

it('reads halves by pages of checkPageBytesMax; a larger one is taken alone', async () => {
  const bed = await messageTestbed({ limits: { checkPageBytesMax: 4000 } });
  const asked = producer(bed);
  for (const size of [1000, 1000, 1000, 1000, 9000, 1000]) await sendHalf(bed, { body: Buffer.alloc(size, 'x') });
  const pages: number[][] = [];
  const lookMessage = bed.store.lookMessage.bind(bed.store);
  let page: number[] = [];
  bed.store.lookMessage = async (offset) => {
    const message = await lookMessage(offset);
    if (page.length === 0) {
      pages.push(page);
      bed.environment.timers.setTimeout(() => (page = []), 0);
    }
    page.push(message?.body.length ?? -1);
    return message;
  };
  await bed.environment.time.advance(interval + 100);
  expect(pages).toEqual([[1000, 1000, 1000], [1000], [9000], [1000]]);
  expect(asked.notifications).toHaveLength(6);
});

describe('a jump of the wall clock', () => {
  it('back by an hour holds up no check', async () => {
    const bed = await messageTestbed();
    const asked = producer(bed);
    await sendHalf(bed);
    bed.environment.time.jumpWallClock(-3_600_000);
    await bed.environment.time.advance(interval + 10);
    expect(asked.notifications).toHaveLength(1);
  });

  it('forward by a week parks nothing that nobody was asked about', async () => {
    const bed = await messageTestbed();
    const asked = producer(bed);
    await sendHalf(bed);
    bed.environment.time.jumpWallClock(7 * 24 * 3_600_000);
    await bed.environment.time.advance(interval + 10);
    expect(asked.notifications).toHaveLength(1);
    expect(await decide(bed, placeOf(asked.notifications[0]!), SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SUCCESS);
    expect(visible(bed)).toHaveLength(1);
  });
});

describe('a restart', () => {
  it('after a kill knows every decision, from the op messages', async () => {
    const bed = await messageTestbed();
    for (let i = 0; i < 5; i += 1) await sendHalf(bed);
    const [first, second] = halves(bed);
    await decide(bed, first!, SysFlag.TRANSACTION_COMMIT);
    await decide(bed, second!, SysFlag.TRANSACTION_ROLLBACK);
    const next = await killed(bed);
    expect(await decide(next, first!, SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SYSTEM_ERROR);
    expect(await decide(next, second!, SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SYSTEM_ERROR);
    const asked = producer(next);
    await next.environment.time.advance(interval + 10);
    expect(asked.notifications).toHaveLength(3);
    expect(visible(next)).toHaveLength(1);
  });

  it('knows that a copy belongs to a decided half', async () => {
    const bed = await messageTestbed();
    const asked = producer(bed);
    await sendHalf(bed);
    const original = halves(bed)[0]!;
    await bed.environment.time.advance(2 * interval + 10);
    const [firstCheck, lastCheck] = asked.notifications.map(placeOf);
    await decide(bed, firstCheck!, SysFlag.TRANSACTION_COMMIT);
    const next = await killed(bed);
    for (const place of [original, firstCheck!, lastCheck!]) {
      expect(await decide(next, place, SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SYSTEM_ERROR);
    }
    const askedAgain = producer(next);
    await next.environment.time.advance(3 * interval);
    expect(askedAgain.notifications).toEqual([]);
    expect(visible(next)).toHaveLength(1);
  });

  it('takes an older copy of an undecided half for the half', async () => {
    const bed = await messageTestbed();
    producer(bed);
    await sendHalf(bed);
    const original = halves(bed)[0]!;
    await bed.environment.time.advance(interval + 10);
    const next = await killed(bed);
    expect(await decide(next, original, SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SUCCESS);
    const askedAgain = producer(next);
    await next.environment.time.advance(3 * interval);
    expect(askedAgain.notifications).toEqual([]);
    expect(visible(next)).toHaveLength(1);
  });

  it('finds a commit whose op message was cut off by the crash: the message is not stored again', async () => {
    const bed = await messageTestbed();
    await sendHalf(bed);
    await sendHalf(bed);
    const [first, second] = halves(bed);
    await decide(bed, second!, SysFlag.TRANSACTION_COMMIT);
    const opStart = bed.store.messages(SystemTopic.TRANS_OP_HALF)[0]!.physicalOffset;
    const next = await killed(bed, { physicalEnd: opStart });
    await next.environment.time.advance(1);
    expect(ops(next)).toEqual(['1']);
    expect(openCount(next)).toBe(1);
    expect(await decide(next, second!, SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SYSTEM_ERROR);
    expect(await decide(next, first!, SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SUCCESS);
    expect(visible(next)).toHaveLength(2);
  });

  it("finds it also behind copies of Apache's that the recovery closes, which writes to the log before it comes to the half", async () => {
    const bed = await messageTestbed();
    await sendHalf(bed);
    const half = bed.store.puts[0]!;
    const properties = Buffer.concat([half.properties, Buffer.from('TRANSACTION_CHECK_TIMES\u00011\u0002')]);
    bed.store.putMessage({ ...half, properties }, { onAppended: () => {}, onDone: () => {} });
    await sendHalf(bed, { queueId: 3, propertyTable: { UNIQ_KEY: 'V' } });
    const committed = halves(bed)[2]!;
    await decide(bed, committed, SysFlag.TRANSACTION_COMMIT);
    const opStart = bed.store.messages(SystemTopic.TRANS_OP_HALF)[0]!.physicalOffset;
    const next = await killed(bed, { physicalEnd: opStart });
    await next.environment.time.advance(1);
    expect(ops(next)).toEqual(['0', '2']);
    expect(openCount(next)).toBe(1);
    expect(await decide(next, committed, SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SYSTEM_ERROR);
    const asked = producer(next);
    await next.environment.time.advance(interval + 10);
    expect(asked.notifications.map((check) => checkTransactionStateHeader.decodeCommand(check).msgId)).toEqual(['U']);
    expect(next.store.messages('TopicT', 3)).toHaveLength(1);
  });

  it('without the commit and its op message asks again', async () => {
    const bed = await messageTestbed();
    await sendHalf(bed);
    const commitStart = bed.store.maxPhysicalOffset;
    await decide(bed, halves(bed)[0]!, SysFlag.TRANSACTION_COMMIT);
    const next = await killed(bed, { physicalEnd: commitStart });
    const asked = producer(next);
    await next.environment.time.advance(interval + 10);
    expect(asked.notifications).toHaveLength(1);
    expect(visible(next)).toEqual([]);
  });

  it('after a clean stop reads only what is undecided', async () => {
    const bed = await messageTestbed();
    for (let i = 0; i < 3; i += 1) await sendHalf(bed);
    for (const half of halves(bed).slice(0, 2)) await decide(bed, half, SysFlag.TRANSACTION_COMMIT);
    await bed.stop();
    expect(bed.offsets.query(transactionGroup, SystemTopic.TRANS_HALF, 0)).toBe(2);
    const next = await killed(bed);
    const asked = producer(next);
    await next.environment.time.advance(interval + 10);
    expect(asked.notifications).toHaveLength(1);
    expect(await decide(next, halves(bed)[0]!, SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SYSTEM_ERROR);
  });

  it('reads the lists of op messages that 5.x writes', async () => {
    const bed = await messageTestbed();
    for (let i = 0; i < 3; i += 1) await sendHalf(bed);
    const template = bed.store.puts[0]!;
    const list = {
      ...template,
      topic: SystemTopic.TRANS_OP_HALF,
      body: Buffer.from('2,0,'),
      properties: Buffer.from('TAGS\u0001d'),
    };
    bed.store.putMessage(list, { onAppended: () => {}, onDone: () => {} });
    bed.store.flush();
    const next = await killed(bed);
    const asked = producer(next);
    await next.environment.time.advance(interval + 10);
    expect(asked.notifications.map((check) => placeOf(check).queueOffset)).toEqual([3]);
    expect({ ...decodeProperties(halves(next)[3]!.propertiesBytes) }).toMatchObject({ TRAN_PREPARED_QUEUE_OFFSET: '1' });
  });

  it("believes Apache's op message for the first copy: the later one is decided too", async () => {
    const bed = await messageTestbed();
    await sendHalf(bed);
    const half = bed.store.puts[0]!;
    const waiter = { onAppended: () => {}, onDone: () => {} };
    const properties = Buffer.concat([half.properties, Buffer.from('TRAN_PREPARED_QUEUE_OFFSET\u00010\u0002')]);
    bed.store.putMessage({ ...half, properties }, waiter);
    bed.store.putMessage({ ...half, topic: SystemTopic.TRANS_OP_HALF, body: Buffer.from('0') }, waiter);
    bed.store.flush();
    const next = await killed(bed);
    const asked = producer(next);
    await next.environment.time.advance(2 * interval + 10);
    expect(asked.notifications).toEqual([]);
    expect(await decide(next, halves(next)[1]!, SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SYSTEM_ERROR);
  });

  it('closes the older copies that Apache has left open, and counts one transaction', async () => {
    const bed = await messageTestbed();
    await sendHalf(bed);
    await sendHalf(bed, { propertyTable: { UNIQ_KEY: 'V' } });
    const half = bed.store.puts[0]!;
    for (const times of [1, 2]) {
      const properties = Buffer.concat([half.properties, Buffer.from(`TRANSACTION_CHECK_TIMES\u0001${times}\u0002`)]);
      bed.store.putMessage({ ...half, properties }, { onAppended: () => {}, onDone: () => {} });
    }
    bed.store.flush();
    const next = await killed(bed);
    await next.environment.time.advance(1);
    expect(ops(next)).toEqual(['0', '2']);
    expect(openCount(next)).toBe(2);
  });

  it('passes halves that retention took', async () => {
    const bed = await messageTestbed();
    for (let i = 0; i < 3; i += 1) await sendHalf(bed);
    const store = bed.store.survivor();
    store.expire(SystemTopic.TRANS_HALF, 0, 2);
    const next = await messageTestbed({ previous: { environment: bed.environment, fileSystem: bed.fileSystem, store } });
    const asked = producer(next);
    await next.environment.time.advance(interval + 10);
    expect(asked.notifications).toHaveLength(1);
  });
});

const openCount = (bed: MessageTestbed): number =>
  [...bed.statistics.transactions.byTopic.values()].reduce((sum, { open }) => sum + open, 0);

it('a stop ends the round that is under way and writes the progress', async () => {
  const bed = await messageTestbed();
  producer(bed);
  await sendHalf(bed);
  await bed.environment.time.runUntil(() => bed.store.puts.length > 1, interval + 10);
  await bed.stop();
  expect(bed.offsets.query(transactionGroup, SystemTopic.TRANS_HALF, 0)).toBe(1);
});

it('takes no decision for recorded while its flush hangs, however long', async () => {
  const bed = await messageTestbed();
  await sendHalf(bed);
  const [half] = halves(bed);
  const before = bed.store.maxPhysicalOffset;
  bed.store.nextStatuses.push('FLUSH_LATE', 'FLUSH_LATE');
  expect(await decide(bed, half!, SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SUCCESS);
  await bed.environment.time.advance(60_000);
  await bed.stop();
  // A power cut: neither the message nor its op message came to the disk.
  const next = await killed(bed, { physicalEnd: before });
  const asked = producer(next);
  await next.environment.time.advance(interval + 10);
  expect(asked.notifications).toHaveLength(1);
  await decide(next, placeOf(asked.notifications[0]!), SysFlag.TRANSACTION_COMMIT);
  expect(visible(next)).toHaveLength(1);
});

it('bounds the halves that were checked and are undecided', async () => {
  const bed = await messageTestbed({ limits: { checkedHalfMax: 2 } });
  await sendHalf(bed);
  await sendHalf(bed);
  expect((await sendHalf(bed)).code).toBe(ResponseCode.SUCCESS);
  await bed.environment.time.advance(interval + 10);
  expect((await sendHalf(bed)).code).toBe(ResponseCode.SYSTEM_BUSY);
});

describe('halves of an Apache broker that was killed', () => {
  it('copies that an Apache broker left open are one transaction: asked about once, committed once', async () => {
    const apache = await messageTestbed();
    await sendHalf(apache);
    const half = apache.store.puts[0]!;
    for (const checks of ['1', '2']) {
      const properties = Buffer.concat([half.properties, Buffer.from(`TRANSACTION_CHECK_TIMES\u0001${checks}\u0002`)]);
      apache.store.putMessage({ ...half, properties }, { onAppended: () => {}, onDone: () => {} });
    }
    await sendHalf(apache, { propertyTable: { UNIQ_KEY: 'other' } });
    const bed = await killed(apache);
    const asked = producer(bed);
    await bed.environment.time.advance(interval + 10);
    const keys = asked.notifications.map((check) => checkTransactionStateHeader.decodeCommand(check).msgId);
    expect(keys).toEqual(['U', 'other']);
    expect(await decide(bed, placeOf(asked.notifications[0]!), SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SUCCESS);
    // A late decision about the first copy, which the producer sent before the kill.
    const first = halves(bed)[0]!;
    await decide(bed, { queueOffset: first.queueOffset, physicalOffset: first.physicalOffset }, SysFlag.TRANSACTION_COMMIT);
    expect(visible(bed)).toHaveLength(1);
  });
});
