import {
  createResponse,
  decodeProperties,
  pushReplyMessageHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  SysFlag,
} from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { type MessageTestbed, messageTestbed, type SendFields, sendRequest } from '../../test-support/message-testbed.js';
import { plainTopic } from '../../topic/boot-topics.js';

const clientId = '192.0.2.2@rp1';
const topic = 'DefaultCluster_REPLY_TOPIC';
const replyProperties = {
  MSG_TYPE: 'reply',
  REPLY_TO_CLIENT: clientId,
  UNIQ_KEY: 'U1',
  TTL: '8000',
  CORRELATION_ID: '020cfde1-4da4-46c5-81c3-88f071c9e15a',
};

const ownFields = { MSG_REGION: 'DefaultRegion', TRACE_ON: 'true' };
/** As 5.x keeps and hands them on. */
const keptProperties = { ...replyProperties, ...ownFields };

/** A producer that takes replies, with the code it answers them with; never, when there is none. */
class Requester extends FakeConnection {
  readonly pushed: RemotingCommand[] = [];
  code: number | undefined = ResponseCode.SUCCESS;

  override invoke(request?: RemotingCommand): Promise<RemotingCommand> {
    if (request === undefined) throw new Error('no request');
    this.pushed.push(request);
    return this.code === undefined ? new Promise(() => undefined) : Promise.resolve(createResponse(request, this.code));
  }
}

function requesterAt(bed: MessageTestbed): Requester {
  const requester = new Requester('192.0.2.2:5000');
  bed.producers.register('PG_A', clientId, requester);
  return requester;
}

async function reply(bed: MessageTestbed, fields: SendFields = {}): Promise<RemotingCommand> {
  const code = RequestCode.SEND_REPLY_MESSAGE_V2;
  const request = sendRequest({ code, producerGroup: 'PG_RR', topic, propertyTable: replyProperties, ...fields }, 5);
  const replier = new FakeConnection('192.0.2.3:40798');
  await bed.environment.time.settle(bed.process(request, replier));
  expect(replier.responses).toHaveLength(1);
  return replier.responses[0]!;
}

describe('a reply', () => {
  it.each([RequestCode.SEND_REPLY_MESSAGE, RequestCode.SEND_REPLY_MESSAGE_V2])(
    'of code %i goes to its requester and into the reply topic',
    async (code) => {
      const bed = await messageTestbed();
      const requester = requesterAt(bed);
      const sent = { bornTimestamp: 5, flag: 7, sysFlag: SysFlag.COMPRESSED | SysFlag.COMPRESSION_LZ4, body: Buffer.from('42') };
      const request = sendRequest({ producerGroup: 'PG_RR', topic, propertyTable: replyProperties, ...sent }, 0);
      const long = { producerGroup: 'PG_RR', topic, defaultTopic: 'TBW102', defaultTopicQueueNums: '4', queueId: '0' };
      const others = { sysFlag: '257', bornTimestamp: '5', flag: '7', properties: request.extFields?.['i'] ?? '' };
      const extFields = code === RequestCode.SEND_REPLY_MESSAGE ? { ...long, ...others } : (request.extFields ?? {});
      const connection = new FakeConnection('192.0.2.3:40798');
      const answering = bed.process({ ...request, code, extFields }, connection);
      await bed.environment.time.settle(answering);

      expect(requester.pushed).toHaveLength(1);
      const pushed = requester.pushed[0]!;
      const { properties, ...header } = pushReplyMessageHeader.decodeCommand(pushed);
      expect([pushed.code, pushed.body]).toEqual([RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT, Buffer.from('42')]);
      expect(header).toEqual({
        producerGroup: 'PG_RR',
        topic,
        defaultTopic: 'TBW102',
        defaultTopicQueueNums: 4,
        queueId: 0,
        sysFlag: 257,
        bornTimestamp: 5,
        flag: 7,
        reconsumeTimes: 0,
        unitMode: false,
        bornHost: '192.0.2.3:40798',
        storeHost: '127.0.0.1:10911',
        storeTimestamp: expect.any(Number),
      });
      const pushTime = String(header.storeTimestamp);
      expect({ ...decodeProperties(properties ?? '') }).toEqual({ ...keptProperties, PUSH_REPLY_TIME: pushTime });

      const [stored] = bed.store.messages(topic);
      expect(stored).toMatchObject({ body: Buffer.from('42'), flag: 7, sysFlag: 257, bornTimestamp: 5 });
      expect({ ...decodeProperties(stored!.propertiesBytes) }).toEqual(keptProperties);
      const place = { msgId: '7F00000100002A9F0000000000000000', queueId: '0', queueOffset: '0' };
      expect(connection.responses).toEqual([expect.objectContaining({ code: ResponseCode.SUCCESS })]);
      expect(connection.lastResponse?.extFields).toEqual({ ...place, ...ownFields });
      await bed.stop();
    },
  );

  it('is answered when requester and disk have it', async () => {
    const bed = await messageTestbed();
    requesterAt(bed);
    const connection = new FakeConnection();
    const code = RequestCode.SEND_REPLY_MESSAGE_V2;
    const answering = bed.process(sendRequest({ code, topic, propertyTable: replyProperties }, 0), connection);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    expect([bed.store.puts.length, connection.responses.length]).toEqual([1, 0]);
    await bed.environment.time.settle(answering);
    expect(connection.responses).toHaveLength(1);
  });

  it('is not stored without storeReplyMessageEnable', async () => {
    const bed = await messageTestbed({ config: { storeReplyMessageEnable: false } });
    const requester = requesterAt(bed);
    const answer = await reply(bed);
    expect([answer.code, requester.pushed.length, bed.store.puts.length]).toEqual([ResponseCode.SUCCESS, 1, 0]);
    expect(answer.extFields).toEqual({ msgId: '0', queueId: '0', queueOffset: '0', ...ownFields });
  });

  it('goes to its requester, and into no topic, while the store takes nothing', async () => {
    const bed = await messageTestbed({ config: { sendThreadPoolQueueCapacity: 0 } });
    const requester = requesterAt(bed);
    const answer = await reply(bed);
    expect([answer.code, requester.pushed.length, bed.store.puts.length]).toEqual([ResponseCode.SUCCESS, 1, 0]);
    expect(answer.extFields).toEqual({ msgId: '0', queueId: '0', queueOffset: '0', ...ownFields });
    expect(bed.statistics.storeStats.putFailures).toBe(1);
  });

  it('goes to a random queue when it asks for none', async () => {
    const bed = await messageTestbed();
    requesterAt(bed);
    bed.topics.update(plainTopic('TopicR', 4, 6));
    const queues = new Set<string | undefined>();
    for (let i = 0; i < 40; i += 1) {
      queues.add((await reply(bed, { topic: 'TopicR', queueId: -1 })).extFields?.['queueId']);
    }
    expect(queues).toEqual(new Set(['0', '1', '2', '3']));
  });

  it('keeps nothing of a transaction, a batch or a record’s checksum', async () => {
    const bed = await messageTestbed();
    const requester = requesterAt(bed);
    const propertyTable = { ...replyProperties, '__CRC32#': '1', '__RMQ.TRANSIENT.A': '1', WAIT: 'false' };
    await reply(bed, { sysFlag: SysFlag.TRANSACTION_PREPARED | SysFlag.INNER_BATCH, batch: true, propertyTable });
    const [stored] = bed.store.messages(topic);
    expect(stored?.sysFlag).toBe(0);
    expect({ ...decodeProperties(stored!.propertiesBytes) }).toEqual({ ...keptProperties, WAIT: 'false' });
    expect(bed.store.puts[0]?.waitStore).toBe(false);
    expect(pushReplyMessageHeader.decodeCommand(requester.pushed[0]!).properties).not.toContain('CRC32');
  });

  it('is counted as a put of its topic', async () => {
    const bed = await messageTestbed();
    requesterAt(bed);
    await reply(bed);
    expect(bed.statistics.stats.find('TOPIC_PUT_NUMS', topic)?.value).toBe(1);
    await bed.store.stop();
    await reply(bed);
    expect(bed.statistics.stats.find('TOPIC_PUT_NUMS', topic)?.value).toBe(1);
    expect(bed.statistics.storeStats.putFailures).toBe(1);
  });
});

describe('a reply that asks for a delay: its requester gets it at once, the copy waits', () => {
  const waiting = { REAL_TOPIC: topic, REAL_QID: '0' };

  it('of a level', async () => {
    const bed = await messageTestbed();
    const requester = requesterAt(bed);
    const answer = await reply(bed, { propertyTable: { ...replyProperties, DELAY: '3', TIMER_DELAY_SEC: '9' } });
    expect(answer).toMatchObject({ code: ResponseCode.SUCCESS, extFields: { queueId: '0', queueOffset: '0' } });
    const pushed = pushReplyMessageHeader.decodeCommand(requester.pushed[0]!).properties ?? '';
    expect(decodeProperties(pushed)).toMatchObject({ DELAY: '3', TIMER_DELAY_SEC: '9' });
    expect(pushed).not.toContain('REAL_TOPIC');
    expect(bed.store.messages(topic)).toEqual([]);
    const [stored] = bed.store.messages('SCHEDULE_TOPIC_XXXX', 2);
    expect({ ...decodeProperties(stored!.propertiesBytes) }).toEqual({ ...keptProperties, ...waiting, DELAY: '3' });
    await bed.environment.time.advance(12_000);
    expect(bed.store.messages(topic)).toHaveLength(1);
    await bed.stop();
  });

  it('of its own', async () => {
    const bed = await messageTestbed();
    requesterAt(bed);
    await reply(bed, { propertyTable: { ...replyProperties, TIMER_DELAY_SEC: '5' } });
    expect(bed.store.messages(topic)).toEqual([]);
    const [stored] = bed.store.messages('rmq_sys_wheel_timer');
    const properties = decodeProperties(stored!.propertiesBytes);
    expect({ ...properties }).toEqual({ ...keptProperties, ...waiting, TIMER_DELAY_SEC: '5', TIMER_OUT_MS: expect.any(String) });
    await bed.stop();
  });

  it.each([
    ['the timer is off', { timerWheelEnable: false }, '5'],
    ['the time is none', {}, 'soon'],
    ['the time is too far ahead', {}, '999999999'],
  ])('is not stored, which changes nothing for who replied: %s', async (_name, config, seconds) => {
    const bed = await messageTestbed({ config });
    const requester = requesterAt(bed);
    const answer = await reply(bed, { propertyTable: { ...replyProperties, TIMER_DELAY_SEC: seconds } });
    expect([answer.code, requester.pushed.length, bed.store.puts.length]).toEqual([ResponseCode.SUCCESS, 1, 0]);
    expect(answer.extFields).toMatchObject({ msgId: '0', queueOffset: '0' });
    expect(bed.statistics.storeStats.putFailures).toBe(1);
  });

  it('1: the level is no number', async () => {
    const bed = await messageTestbed();
    const requester = requesterAt(bed);
    const answer = await reply(bed, { propertyTable: { ...replyProperties, DELAY: 'x' } });
    expect([answer.code, answer.remark]).toEqual([ResponseCode.SYSTEM_ERROR, 'DELAY is no number: "x"']);
    expect([requester.pushed.length, bed.store.puts.length]).toEqual([1, 0]);
  });
});

describe('a reply that cannot be handed on', () => {
  it.each([
    ['nobody is named', { CORRELATION_ID: 'c' }, 'reply message properties[REPLY_TO_CLIENT] is null'],
    [
      'the requester is not here',
      { ...replyProperties, REPLY_TO_CLIENT: 'gone@1' },
      'push reply message fail, channel of <gone@1> not found.',
    ],
  ])('is stored all the same: %s', async (_name, propertyTable, remark) => {
    const bed = await messageTestbed();
    requesterAt(bed);
    const answer = await reply(bed, { propertyTable });
    expect([answer.code, answer.remark]).toEqual([ResponseCode.SYSTEM_ERROR, remark]);
    expect(answer.extFields).toMatchObject(ownFields);
    expect(bed.store.messages(topic)).toHaveLength(1);
  });

  it('is answered with 1 when the requester refuses it, and when it left', async () => {
    const bed = await messageTestbed();
    const requester = requesterAt(bed);
    requester.code = ResponseCode.SYSTEM_ERROR;
    expect((await reply(bed)).remark).toBe(`push reply message to ${clientId}fail.`);
    requester.close();
    expect((await reply(bed)).remark).toBe(`push reply message fail, channel of <${clientId}> not found.`);
  });

  it('keeps its code when only the store fails', async () => {
    const bed = await messageTestbed();
    const requester = requesterAt(bed);
    await bed.store.stop();
    const answer = await reply(bed);
    expect([answer.code, requester.pushed.length]).toEqual([ResponseCode.SUCCESS, 1]);
    expect(answer.extFields).toMatchObject({ msgId: '0', queueOffset: '0' });
  });
});

describe('refused as a send, handed to nobody', () => {
  it.each([
    ['an empty body', { body: Buffer.alloc(0) }, ResponseCode.SYSTEM_ERROR],
    ['a body above maxMessageSize', { body: Buffer.alloc(1001) }, ResponseCode.MESSAGE_ILLEGAL],
    [
      'properties of more than 32,767 bytes',
      { propertyTable: { ...replyProperties, big: 'x'.repeat(32_768) } },
      ResponseCode.MESSAGE_ILLEGAL,
    ],
    ['a queue that is not there', { queueId: 1 }, ResponseCode.INVALID_PARAMETER],
    ['an illegal topic', { topic: 'a/b' }, ResponseCode.INVALID_PARAMETER],
    ['a topic of the broker', { topic: 'SCHEDULE_TOPIC_XXXX' }, ResponseCode.NO_PERMISSION],
    ['an unknown topic that may not be made', { topic: 'Unknown', defaultTopic: 'none' }, ResponseCode.TOPIC_NOT_EXIST],
  ])('%s', async (_name, fields, code) => {
    const bed = await messageTestbed({ config: { maxMessageSize: 1000 } });
    const requester = requesterAt(bed);
    const answer = await reply(bed, fields);
    expect([answer.code, requester.pushed.length, bed.store.puts.length]).toEqual([code, 0, 0]);
    expect(answer.extFields).toMatchObject(ownFields);
  });

  it('more replies than replyThreadPoolQueueCapacity', async () => {
    const bed = await messageTestbed({ config: { replyThreadPoolQueueCapacity: 1 } });
    const requester = requesterAt(bed);
    requester.code = undefined;
    const code = RequestCode.SEND_REPLY_MESSAGE_V2;
    void bed.process(sendRequest({ code, topic, propertyTable: replyProperties }, 0));
    const answer = await reply(bed);
    expect([answer.code, answer.remark]).toEqual([ResponseCode.SYSTEM_BUSY, expect.stringContaining('[OVERLOAD]')]);
    expect([requester.pushed.length, bed.store.puts.length]).toEqual([1, 1]);
  });
});
