import {
  consumerSendMessageBackHeader,
  createRequest,
  decodeProperties,
  Permission,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  SysFlag,
  SystemTopic,
} from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { defaultSubscriptionGroup } from '../../group/subscription-group-json.js';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { type MessageTestbed, messageTestbed } from '../../test-support/message-testbed.js';

interface SendBackFields {
  readonly offset?: number;
  readonly delayLevel?: number;
  readonly maxReconsumeTimes?: number | undefined;
  readonly version?: number;
}

function sendBackRequest(fields: SendBackFields): RemotingCommand {
  const extFields = consumerSendMessageBackHeader.encode({
    offset: fields.offset ?? 0,
    group: 'CG_A',
    delayLevel: fields.delayLevel ?? 0,
    originMsgId: 'U',
    originTopic: 'TopicT',
    unitMode: false,
    maxReconsumeTimes: 'maxReconsumeTimes' in fields ? fields.maxReconsumeTimes : 16,
    brokerName: undefined,
  });
  return { ...createRequest(RequestCode.CONSUMER_SEND_MSG_BACK, { extFields }), version: fields.version ?? 407 };
}

async function sendBack(bed: MessageTestbed, fields: SendBackFields = {}): Promise<RemotingCommand> {
  const connection = new FakeConnection();
  await bed.environment.time.settle(bed.process(sendBackRequest(fields), connection));
  return connection.lastResponse!;
}

async function bedWithMessage(options: Parameters<typeof messageTestbed>[0] = {}): Promise<MessageTestbed> {
  const bed = await messageTestbed(options);
  await bed.send({
    queueId: 1,
    flag: 5,
    sysFlag: SysFlag.COMPRESSED,
    bornTimestamp: 77,
    body: Buffer.from('zipped'),
    propertyTable: { UNIQ_KEY: 'U', KEYS: 'k', TAGS: 't' },
  });
  return bed;
}

const propertiesOf = (bed: MessageTestbed, topic: string, queueId = 0) => {
  return { ...decodeProperties(bed.store.messages(topic, queueId).at(-1)!.propertiesBytes) };
};

describe('a message that is sent back', () => {
  it('is answered when its copy is on disk, however late that is', async () => {
    const bed = await bedWithMessage();
    const connection = new FakeConnection();
    bed.store.nextStatuses.push('FLUSH_LATE');
    const ended = bed.process(sendBackRequest({}), connection);
    await bed.environment.time.advance(20_000);
    expect(connection.responses).toEqual([]);
    bed.store.flush();
    await bed.environment.time.settle(ended);
    expect(connection.lastResponse?.code).toBe(ResponseCode.SUCCESS);
  });

  it('comes again at level 3, as a copy that remembers where it came from', async () => {
    const bed = await bedWithMessage();
    const answer = await sendBack(bed);
    expect(answer).toMatchObject({ code: ResponseCode.SUCCESS, remark: undefined });
    const [waiting] = bed.store.messages(SystemTopic.SCHEDULE, 2);
    expect(waiting).toMatchObject({ flag: 5, sysFlag: SysFlag.COMPRESSED, bornTimestamp: 77, reconsumeTimes: 1 });
    expect(propertiesOf(bed, SystemTopic.SCHEDULE, 2)).toMatchObject({
      UNIQ_KEY: 'U',
      KEYS: 'k',
      TAGS: 't',
      RETRY_TOPIC: 'TopicT',
      ORIGIN_MESSAGE_ID: '7F00000100002A9F0000000000000000',
      WAIT: 'false',
      DELAY: '3',
      REAL_TOPIC: '%RETRY%CG_A',
      REAL_QID: '0',
    });
    expect(bed.topics.get('%RETRY%CG_A')).toMatchObject({ readQueueNums: 1, writeQueueNums: 1, perm: 6 });
  });

  it('goes into a queue that its topic has, though the group got more since', async () => {
    const bed = await bedWithMessage();
    await sendBack(bed);
    bed.groups.update({ ...defaultSubscriptionGroup('CG_A'), retryQueueNums: 8 });
    for (let i = 0; i < 20; i += 1) await sendBack(bed);
    const retries = bed.store.messages(SystemTopic.SCHEDULE, 2);
    const queueIds = new Set(retries.map(({ propertiesBytes }) => decodeProperties(propertiesBytes)['REAL_QID']));
    expect([retries.length, [...queueIds]]).toEqual([21, ['0']]);
  });

  it('is answered when its copy is durable, though Java does not wait for it', async () => {
    const bed = await bedWithMessage();
    const connection = new FakeConnection();
    const processing = bed.process(sendBackRequest({}), connection);
    await bed.environment.time.advance(0);
    expect(bed.store.puts).toHaveLength(2);
    expect(bed.store.puts[1]?.waitStore).toBe(true);
    expect(connection.responses).toEqual([]);
    await bed.environment.time.settle(processing);
    expect(connection.responses).toHaveLength(1);
  });

  it('goes through all sixteen retries, and then to the dead letters', async () => {
    const bed = await bedWithMessage();
    let offset = 0;
    for (let retry = 1; retry <= 16; retry += 1) {
      await sendBack(bed, { offset });
      await bed.environment.time.advance(2 * 3_600_000 + 2000);
      const message = bed.store.messages('%RETRY%CG_A').at(-1);
      expect(message?.reconsumeTimes).toBe(retry);
      expect(propertiesOf(bed, '%RETRY%CG_A')['DELAY']).toBe(String(Math.min(18, 2 + retry)));
      offset = message?.physicalOffset ?? -1;
    }
    await sendBack(bed, { offset });
    expect(bed.store.messages('%RETRY%CG_A')).toHaveLength(16);
    expect(bed.store.messages('%DLQ%CG_A').map(({ reconsumeTimes }) => reconsumeTimes)).toEqual([17]);
    expect(propertiesOf(bed, '%DLQ%CG_A')).toMatchObject({
      RETRY_TOPIC: 'TopicT',
      ORIGIN_MESSAGE_ID: '7F00000100002A9F0000000000000000',
      UNIQ_KEY: 'U',
      DELAY: '0',
    });
    expect(bed.topics.get('%DLQ%CG_A')).toMatchObject({ writeQueueNums: 1, perm: 6 });
  });

  it.each([
    ['level 5 when the client says so', { delayLevel: 5 }, 4],
    ['the last level when it says more', { delayLevel: 99 }, 17],
  ])('waits at %s', async (_name, fields, queueId) => {
    const bed = await bedWithMessage();
    await sendBack(bed, fields);
    expect(bed.store.messages(SystemTopic.SCHEDULE, queueId)).toHaveLength(1);
  });

  it.each([
    ['the client says so', { delayLevel: -1 }],
    ['no retry is allowed', { maxReconsumeTimes: 0 }],
  ])('is a dead letter at once when %s', async (_name, fields) => {
    const bed = await bedWithMessage();
    await sendBack(bed, fields);
    expect(bed.store.messages('%DLQ%CG_A')).toHaveLength(1);
  });

  it('is a dead letter at once, never nothing, when its group has no retry queues', async () => {
    const bed = await bedWithMessage();
    bed.groups.update({ ...bed.groups.find('CG_A')!, retryQueueNums: 0 });
    expect(await sendBack(bed)).toMatchObject({ code: ResponseCode.SUCCESS });
    expect(bed.store.messages('%DLQ%CG_A').map(({ body }) => body.toString())).toEqual(['zipped']);
    expect(bed.topics.get('%RETRY%CG_A')).toBeUndefined();
  });

  it('is spread over the retry queues of its group', async () => {
    const bed = await bedWithMessage();
    bed.groups.update({ ...bed.groups.find('CG_A')!, retryQueueNums: 4 });
    for (let i = 0; i < 64; i += 1) await sendBack(bed, { delayLevel: 1 });
    await bed.environment.time.advance(1100);
    expect(bed.topics.get('%RETRY%CG_A')).toMatchObject({ readQueueNums: 4, writeQueueNums: 4 });
    const counts = [0, 1, 2, 3].map((queueId) => bed.store.messages('%RETRY%CG_A', queueId).length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(64);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it.each([
    ['made by 4.9.1, which nobody may read', Permission.WRITE],
    ['closed by an operator', Permission.READ],
  ])('goes to a dead-letter topic that is %s all the same', async (_name, perm) => {
    const bed = await bedWithMessage();
    bed.topics.ensure('%DLQ%CG_A', 1, perm);
    expect(await sendBack(bed, { delayLevel: -1 })).toMatchObject({ code: ResponseCode.SUCCESS });
    expect(bed.store.messages('%DLQ%CG_A')).toHaveLength(1);
    expect(bed.topics.get('%DLQ%CG_A')?.perm).toBe(perm);
  });

  it('of a group with a retry policy waits at its level: policies are for consumers that do not pull', async () => {
    const bed = await bedWithMessage();
    const groupRetryPolicy = { type: 'CUSTOMIZED', customizedRetryPolicy: { next: [7_200_000] } };
    bed.groups.update(bed.groups.find('CG_A')!, { groupRetryPolicy });
    await sendBack(bed);
    expect(bed.store.messages(SystemTopic.SCHEDULE, 2)).toHaveLength(1);
  });

  it('as a dead letter is brought back: it comes again once, from its first topic, and dies again with the next failure', async () => {
    const bed = await bedWithMessage();
    await sendBack(bed, { maxReconsumeTimes: 0 });
    const [dead] = bed.store.messages('%DLQ%CG_A');
    const answer = await sendBack(bed, { offset: dead!.physicalOffset, delayLevel: 1, maxReconsumeTimes: 2 });
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    await bed.environment.time.advance(1100);
    const [again] = bed.store.messages('%RETRY%CG_A');
    expect(again).toMatchObject({ reconsumeTimes: 2, body: Buffer.from('zipped') });
    expect(propertiesOf(bed, '%RETRY%CG_A')).toMatchObject({ RETRY_TOPIC: 'TopicT', UNIQ_KEY: 'U' });
    await sendBack(bed, { offset: again!.physicalOffset, maxReconsumeTimes: 2 });
    expect(bed.store.messages('%DLQ%CG_A')).toHaveLength(2);
    expect(bed.store.messages('%RETRY%CG_A')).toHaveLength(1);
  });

  it("is counted by the group's maximum for old clients and those that say none", async () => {
    const bed = await bedWithMessage();
    bed.groups.update({ ...bed.groups.find('CG_A')!, retryMaxTimes: 0 });
    await sendBack(bed, { version: 120, maxReconsumeTimes: 16 });
    await sendBack(bed, { maxReconsumeTimes: undefined });
    expect(bed.store.messages('%DLQ%CG_A')).toHaveLength(2);
  });
});

it('counts what is sent back by the first topic, and what goes to the dead letters', async () => {
  const bed = await bedWithMessage();
  await sendBack(bed);
  await sendBack(bed, { delayLevel: -1 });
  bed.store.nextStatuses.push('SERVICE_NOT_AVAILABLE');
  await sendBack(bed);
  const { stats } = bed.statistics;
  expect(stats.find('SNDBCK_PUT_NUMS', 'TopicT@CG_A')?.value).toBe(2);
  expect(stats.find('DLQ_PUT_NUMS', 'TopicT@CG_A')?.value).toBe(1);
});

describe('a send-back that is refused', () => {
  it('26: the group is unknown', async () => {
    const bed = await bedWithMessage({ config: { autoCreateSubscriptionGroup: false } });
    expect((await sendBack(bed)).code).toBe(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST);
  });

  it('16: the broker or the retry topic is not writable', async () => {
    const readOnly = await bedWithMessage({ config: { brokerPermission: Permission.READ } });
    expect((await sendBack(readOnly)).code).toBe(ResponseCode.NO_PERMISSION);
    const bed = await bedWithMessage();
    bed.topics.ensure('%RETRY%CG_A', 1, Permission.READ);
    expect((await sendBack(bed)).code).toBe(ResponseCode.NO_PERMISSION);
  });

  it.each([1, 12_345_678])('1: there is no message at offset %i', async (offset) => {
    const bed = await bedWithMessage();
    expect(await sendBack(bed, { offset })).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: `look message by offset failed, ${offset}`,
    });
  });

  it('1: the message is a half, which nobody can have consumed', async () => {
    const bed = await messageTestbed();
    await bed.send({ propertyTable: { TRAN_MSG: 'true', PGROUP: 'P' } });
    expect((await sendBack(bed)).code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(bed.store.puts).toHaveLength(1);
  });

  it('14: the store does not take it', async () => {
    const bed = await bedWithMessage();
    bed.store.nextStatuses.push('SERVICE_NOT_AVAILABLE');
    expect((await sendBack(bed)).code).toBe(ResponseCode.SERVICE_NOT_AVAILABLE);
  });

  it('2: too many are on their way', async () => {
    const bed = await bedWithMessage({ config: { sendThreadPoolQueueCapacity: 1 } });
    const first = new FakeConnection();
    const second = new FakeConnection();
    const running = bed.process(sendBackRequest({}), first);
    await bed.process(sendBackRequest({}), second);
    expect(second.lastResponse?.code).toBe(ResponseCode.SYSTEM_BUSY);
    await bed.environment.time.settle(running);
    expect((await sendBack(bed)).code).toBe(ResponseCode.SUCCESS);
  });
});
