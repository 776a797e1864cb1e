import {
  checkTransactionStateHeader,
  createRequest,
  decodeProperties,
  encodeHost,
  encodeOffsetMessageId,
  endTransactionHeader,
  RequestCode,
  ResponseCode,
  resumeCheckHalfMessageHeader,
  SysFlag,
  SystemTopic,
} from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { type MessageTestbed, messageTestbed, type TestbedOptions } from '../../test-support/message-testbed.js';

const interval = 30_000;
const config = { transactionCheckMax: 2 };

interface Place {
  readonly queueOffset: number;
  readonly physicalOffset: number;
}

const idOf = ({ physicalOffset }: { physicalOffset: number }): string =>
  encodeOffsetMessageId(encodeHost('127.0.0.1:10911'), physicalOffset);

async function invoke(bed: MessageTestbed, code: number, extFields: Record<string, string>) {
  const connection = new FakeConnection();
  await bed.environment.time.settle(bed.process(createRequest(code, { extFields }), connection));
  return connection.lastResponse;
}

const resume = (bed: MessageTestbed, msgId: string) =>
  invoke(bed, RequestCode.RESUME_CHECK_HALF_MESSAGE, resumeCheckHalfMessageHeader.encode({ topic: undefined, msgId }));

async function decide(bed: MessageTestbed, place: Place, commitOrRollback: number): Promise<number | undefined> {
  const extFields = endTransactionHeader.encode({
    producerGroup: 'PG_T',
    tranStateTableOffset: place.queueOffset,
    commitLogOffset: place.physicalOffset,
    commitOrRollback,
    fromTransactionCheck: true,
    msgId: 'U',
    transactionId: undefined,
    topic: undefined,
    brokerName: undefined,
  });
  return (await invoke(bed, RequestCode.END_TRANSACTION, extFields))?.code;
}

function producer(bed: MessageTestbed): { readonly connection: FakeConnection; lastCheck(): Place } {
  const connection = new FakeConnection();
  bed.producers.register('PG_T', 'client', connection);
  return {
    connection,
    lastCheck: () => {
      const header = checkTransactionStateHeader.decodeCommand(connection.notifications.at(-1)!);
      return { queueOffset: header.tranStateTableOffset, physicalOffset: header.commitLogOffset };
    },
  };
}

const sendHalf = (bed: MessageTestbed) =>
  bed.send({
    queueId: 2,
    sysFlag: SysFlag.TRANSACTION_PREPARED,
    propertyTable: { TRAN_MSG: 'true', PGROUP: 'PG_T', UNIQ_KEY: 'U', TAGS: 't' },
  });

const halves = (bed: MessageTestbed) => bed.store.messages(SystemTopic.TRANS_HALF);
const parked = (bed: MessageTestbed) => bed.store.messages(SystemTopic.TRANS_CHECK_MAX_TIME);
const visible = (bed: MessageTestbed) => bed.store.messages('TopicT', 2);

/** A broker with one transaction that nobody decided in time. */
async function bedWithParked(): Promise<MessageTestbed> {
  const bed = await messageTestbed({ config });
  await sendHalf(bed);
  await bed.environment.time.advance(3 * interval + 10);
  expect(parked(bed)).toHaveLength(1);
  return bed;
}

function killed(bed: MessageTestbed, options: TestbedOptions = {}): Promise<MessageTestbed> {
  const { environment, fileSystem } = bed;
  return messageTestbed({ ...options, config, previous: { environment, fileSystem, store: bed.store.survivor() } });
}

describe('a parked transaction that is resumed', () => {
  it('is asked about again, with all its checks before it, and can be committed', async () => {
    const bed = await bedWithParked();
    const asked = producer(bed);
    expect(await resume(bed, idOf(parked(bed)[0]!))).toMatchObject({ code: ResponseCode.SUCCESS, remark: undefined });
    await bed.environment.time.advance(2 * interval);
    expect(asked.connection.notifications).toHaveLength(2);
    expect(await decide(bed, asked.lastCheck(), SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SUCCESS);
    const [message] = visible(bed);
    expect({ ...decodeProperties(message!.propertiesBytes) }).toMatchObject({ UNIQ_KEY: 'U', TAGS: 't' });
    expect(message!.propertiesBytes.toString()).not.toContain('ORBITMQ');
    await bed.environment.time.advance(5 * interval);
    expect([visible(bed).length, parked(bed).length, asked.connection.notifications.length]).toEqual([1, 1, 2]);
  });

  it('is parked again when nobody decides it again, and can be resumed again', async () => {
    const bed = await bedWithParked();
    for (const count of [2, 3]) {
      await resume(bed, idOf(parked(bed).at(-1)!));
      await bed.environment.time.advance(4 * interval);
      expect(parked(bed)).toHaveLength(count);
    }
  });

  it('twice, by whichever of its parked messages, also over a kill, is one transaction', async () => {
    const bed = await bedWithParked();
    await resume(bed, idOf(parked(bed)[0]!));
    await bed.environment.time.advance(4 * interval);
    const ids = parked(bed).map(idOf);
    expect(ids).toHaveLength(2);
    for (const id of ids) expect((await resume(bed, id))?.code).toBe(ResponseCode.SUCCESS);
    const next = await killed(bed);
    for (const id of ids) expect((await resume(next, id))?.code).toBe(ResponseCode.SUCCESS);
    const asked = producer(next);
    await next.environment.time.advance(interval + 10);
    expect(asked.connection.notifications).toHaveLength(1);
    expect(await decide(next, asked.lastCheck(), SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SUCCESS);
    await next.environment.time.advance(3 * interval);
    expect([visible(next).length, asked.connection.notifications.length]).toEqual([1, 1]);
  });

  it('by two requests at once is one transaction', async () => {
    const bed = await bedWithParked();
    const extFields = resumeCheckHalfMessageHeader.encode({ topic: undefined, msgId: idOf(parked(bed)[0]!) });
    const request = () => createRequest(RequestCode.RESUME_CHECK_HALF_MESSAGE, { extFields });
    const connections = [new FakeConnection(), new FakeConnection()];
    const halfCount = halves(bed).length;
    const both = connections.map((connection) => bed.process(request(), connection));
    await bed.environment.time.settle(Promise.all(both));
    expect(connections.map(({ lastResponse }) => lastResponse?.code)).toEqual([ResponseCode.SUCCESS, ResponseCode.SUCCESS]);
    expect(halves(bed)).toHaveLength(halfCount + 1);
  });

  it('is refused once it was committed, also after a kill; after a rollback its producer is asked again', async () => {
    const bed = await bedWithParked();
    const id = idOf(parked(bed)[0]!);
    const asked = producer(bed);
    await resume(bed, id);
    await bed.environment.time.advance(interval);
    await decide(bed, asked.lastCheck(), SysFlag.TRANSACTION_ROLLBACK);
    expect((await resume(bed, id))?.code).toBe(ResponseCode.SUCCESS);
    await bed.environment.time.advance(interval);
    expect(await decide(bed, asked.lastCheck(), SysFlag.TRANSACTION_COMMIT)).toBe(ResponseCode.SUCCESS);
    for (const later of [bed, await killed(bed)]) {
      expect(await resume(later, id)).toMatchObject({
        code: ResponseCode.SYSTEM_ERROR,
        remark: 'The transaction was committed since it was parked',
      });
    }
    expect(visible(bed)).toHaveLength(1);
  });
});

describe('an undecided half', () => {
  it('gets all its checks once more, by the id of any of its copies, and stays one transaction', async () => {
    const bed = await messageTestbed({ config });
    const asked = producer(bed);
    await sendHalf(bed);
    await bed.environment.time.advance(2 * interval + 10);
    expect(halves(bed)).toHaveLength(3);
    expect((await resume(bed, idOf(halves(bed)[0]!)))?.code).toBe(ResponseCode.SUCCESS);
    expect({ ...decodeProperties(halves(bed)[3]!.propertiesBytes) }).toMatchObject({
      TRANSACTION_CHECK_TIMES: '0',
      TRAN_PREPARED_QUEUE_OFFSET: '0',
    });
    await bed.environment.time.advance(2 * interval);
    expect(asked.connection.notifications).toHaveLength(4);
    expect(parked(bed)).toEqual([]);
    for (const half of halves(bed)) await decide(bed, half, SysFlag.TRANSACTION_COMMIT);
    expect(visible(bed)).toHaveLength(1);
    // Every copy has an op message, for Apache's broker on this directory.
    const ops = bed.store.messages(SystemTopic.TRANS_OP_HALF).map(({ body }) => body.toString());
    expect(new Set(ops)).toEqual(new Set(halves(bed).map(({ queueOffset }) => String(queueOffset))));
  });

  it('is not asked about again once it is decided', async () => {
    const bed = await messageTestbed({ config });
    const asked = producer(bed);
    await sendHalf(bed);
    const [half] = halves(bed);
    await decide(bed, half!, SysFlag.TRANSACTION_ROLLBACK);
    expect(await resume(bed, idOf(half!))).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: 'The transaction is decided already',
    });
    await bed.environment.time.advance(3 * interval);
    expect(asked.connection.notifications).toEqual([]);
  });
});

it("Apache's copy of a half that an operator had checked again is the same transaction after a hand-over", async () => {
  const apache = await messageTestbed({ config });
  await sendHalf(apache);
  const half = apache.store.puts[0]!;
  const withTimes = (times: string) =>
    Buffer.concat([half.properties, Buffer.from(`TRANSACTION_CHECK_TIMES\u0001${times}\u0002`)]);
  for (const times of ['5', '0']) {
    apache.store.putMessage({ ...half, properties: withTimes(times) }, { onAppended: () => {}, onDone: () => {} });
  }
  apache.store.flush();
  const bed = await killed(apache);
  const asked = producer(bed);
  await bed.environment.time.advance(interval + 10);
  expect(asked.connection.notifications).toHaveLength(1);
});

describe('a resume that is refused', () => {
  it.each([
    ['what is no offset id', 'x', 'is not an offset message id'],
    ['an id of nothing', idOf({ physicalOffset: 123_456 }), 'can not find message by the id'],
  ])('1: %s', async (_name, id, remark) => {
    const bed = await messageTestbed();
    expect(await resume(bed, id)).toMatchObject({ code: ResponseCode.SYSTEM_ERROR, remark: expect.stringContaining(remark) });
  });

  it('1: any other message, which Java makes a half of', async () => {
    const bed = await messageTestbed();
    await bed.send({});
    expect((await resume(bed, idOf({ physicalOffset: 0 })))?.code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(bed.store.puts).toHaveLength(1);
  });

  it('2: too many are undecided', async () => {
    const bed = await bedWithParked();
    const full = await messageTestbed({
      config,
      limits: { halfWindowMax: 0 },
      previous: { environment: bed.environment, fileSystem: bed.fileSystem, store: bed.store.survivor() },
    });
    expect((await resume(full, idOf(parked(bed)[0]!)))?.code).toBe(ResponseCode.SYSTEM_BUSY);
  });

  it('14: the store does not take it; it can be tried again', async () => {
    const bed = await bedWithParked();
    bed.store.nextStatuses.push('SERVICE_NOT_AVAILABLE');
    const id = idOf(parked(bed)[0]!);
    expect((await resume(bed, id))?.code).toBe(ResponseCode.SERVICE_NOT_AVAILABLE);
    expect((await resume(bed, id))?.code).toBe(ResponseCode.SUCCESS);
  });
});
