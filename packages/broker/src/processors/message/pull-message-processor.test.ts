import { decodeRecords, Permission, PullSysFlag, type RemotingCommand, ResponseCode, SystemTopic } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../../test-support/fake-connection.js';
import {
  type MessageTestbed,
  messageTestbed,
  type PullFields,
  pullRequest,
  sendRequest,
  subscribe,
} from '../../test-support/message-testbed.js';

const readWrite = Permission.READ | Permission.WRITE;
const suspending = PullSysFlag.SUBSCRIPTION | PullSysFlag.SUSPEND;

async function pull(
  bed: MessageTestbed,
  fields: PullFields = {},
  connection = new FakeConnection(),
): Promise<RemotingCommand | undefined> {
  await bed.process(pullRequest(fields), connection);
  return connection.lastResponse;
}

async function bedWith(tags: readonly string[], options: Parameters<typeof messageTestbed>[0] = {}): Promise<MessageTestbed> {
  const bed = await messageTestbed(options);
  bed.topics.ensure('TopicT', 4, readWrite);
  for (const tag of tags) await bed.send({ propertyTable: { TAGS: tag } });
  return bed;
}

describe('the checks of a pull, in order', () => {
  it('16: the broker is not readable', async () => {
    const bed = await bedWith(['a'], { config: { brokerPermission: Permission.WRITE } });
    expect((await pull(bed))?.code).toBe(ResponseCode.NO_PERMISSION);
  });

  it('26: the group is unknown', async () => {
    const bed = await bedWith(['a'], { config: { autoCreateSubscriptionGroup: false } });
    expect((await pull(bed))?.code).toBe(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST);
  });

  it('16: the group may not consume', async () => {
    const bed = await bedWith(['a']);
    bed.groups.update({ ...bed.groups.find('CG_A')!, consumeEnable: false });
    expect(await pull(bed)).toMatchObject({ code: ResponseCode.NO_PERMISSION, remark: 'subscription group no permission, CG_A' });
  });

  it('17: the topic is unknown', async () => {
    expect((await pull(await bedWith([]), { topic: 'Nothing' }))?.code).toBe(ResponseCode.TOPIC_NOT_EXIST);
  });

  it('16: the topic is not readable', async () => {
    const bed = await bedWith([]);
    bed.topics.ensure('WriteOnly', 1, Permission.WRITE);
    expect(await pull(bed, { topic: 'WriteOnly' })).toMatchObject({
      code: ResponseCode.NO_PERMISSION,
      remark: 'the topic[WriteOnly] pulling message is forbidden',
    });
  });

  it.each([-1, 4])('29: there is no queue %i', async (queueId) => {
    expect((await pull(await bedWith(['a']), { queueId }))?.code).toBe(ResponseCode.INVALID_PARAMETER);
  });

  it('23: its tag expression does not parse', async () => {
    expect((await pull(await bedWith(['a']), { subscription: '||' }))?.code).toBe(ResponseCode.SUBSCRIPTION_PARSE_FAILED);
  });

  it('23: it names more tags than a pull may, 10,000', async () => {
    const bed = await bedWith(['t1']);
    const tags = (count: number): string => Array.from({ length: count }, (_, n) => `t${n}`).join('||');
    expect((await pull(bed, { subscription: tags(10_000) }))?.code).toBe(ResponseCode.SUCCESS);
    expect((await pull(bed, { subscription: tags(10_001) }))?.code).toBe(ResponseCode.SUBSCRIPTION_PARSE_FAILED);
    expect((await pull(bed, { subscription: '||'.repeat(10_001) }))?.code).toBe(ResponseCode.SUBSCRIPTION_PARSE_FAILED);
  });

  it('24: nobody of the group is there', async () => {
    expect(await pull(await bedWith(['a']), { sysFlag: 0 })).toMatchObject({
      code: ResponseCode.SUBSCRIPTION_NOT_EXIST,
      remark: "the consumer's group info not exist",
    });
  });

  it('24: the group does not subscribe the topic', async () => {
    const bed = await bedWith(['a']);
    subscribe(bed, new FakeConnection(), { topic: 'Other' });
    expect((await pull(bed, { sysFlag: 0 }))?.remark).toBe("the consumer's subscription not exist");
  });

  it('16: the group broadcasts and may not', async () => {
    const bed = await bedWith(['a']);
    bed.groups.update({ ...bed.groups.find('CG_A')!, consumeBroadcastEnable: false });
    subscribe(bed, new FakeConnection(), { model: 'BROADCASTING' });
    expect((await pull(bed, { sysFlag: 0 }))?.code).toBe(ResponseCode.NO_PERMISSION);
  });

  it('25: the broker knows an older subscription; 0 when it is as new', async () => {
    const bed = await bedWith(['a']);
    subscribe(bed, new FakeConnection(), { subVersion: 5 });
    bed.consumers.setFingerprint('CG_A', 7);
    expect((await pull(bed, { sysFlag: 0, subVersion: 6 }))?.code).toBe(ResponseCode.SUBSCRIPTION_NOT_LATEST);
    // The next heartbeat that leaves the subscriptions out is asked for them.
    expect(bed.consumers.fingerprint('CG_A')).toBe(0);
    expect((await pull(bed, { sysFlag: 0, subVersion: 5 }))?.code).toBe(ResponseCode.SUCCESS);
  });

  it.each(['SQL92', 'NEW'])('1: filters of type %s are not supported', async (expressionType) => {
    const answer = await pull(await bedWith(['a']), { expressionType, subscription: 'a > 3' });
    expect(answer?.code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(answer?.remark).toContain(expressionType);
  });
});

describe('a read', () => {
  it('answers the records as they are in the log', async () => {
    const bed = await bedWith(['a', 'b', 'c']);
    const answer = await pull(bed, { queueOffset: 1 });
    expect(answer).toMatchObject({ code: ResponseCode.SUCCESS, remark: 'FOUND' });
    expect(answer?.extFields).toMatchObject({ suggestWhichBrokerId: '0', nextBeginOffset: '3', minOffset: '0', maxOffset: '3' });
    expect(answer?.body).toEqual(Buffer.concat([...bed.store.records.values()].slice(1)));
    expect(decodeRecords(answer!.body!).map(({ queueOffset }) => queueOffset)).toEqual([1, 2]);
  });

  it.each<[string, PullFields, number, string, string]>([
    ['at the end', { queueOffset: 3 }, ResponseCode.PULL_NOT_FOUND, 'OFFSET_OVERFLOW_ONE', '3'],
    ['beyond the end', { queueOffset: 4 }, ResponseCode.PULL_OFFSET_MOVED, 'OFFSET_OVERFLOW_BADLY', '3'],
    ['before the beginning', { queueOffset: 0 }, ResponseCode.PULL_OFFSET_MOVED, 'OFFSET_TOO_SMALL', '1'],
    [
      'nothing that matches',
      { queueOffset: 1, subscription: 'x' },
      ResponseCode.PULL_RETRY_IMMEDIATELY,
      'NO_MATCHED_MESSAGE',
      '3',
    ],
    ['an empty queue', { queueId: 1 }, ResponseCode.PULL_NOT_FOUND, 'NO_MESSAGE_IN_QUEUE', '0'],
    ['an empty queue, at 1', { queueId: 1, queueOffset: 1 }, ResponseCode.PULL_OFFSET_MOVED, 'NO_MESSAGE_IN_QUEUE', '0'],
  ])('%s', async (_name, fields, code, remark, nextBeginOffset) => {
    const bed = await bedWith(['a', 'b', 'c']);
    bed.store.expire('TopicT', 0, 1);
    const answer = await pull(bed, fields);
    expect(answer).toMatchObject({ code, remark });
    expect(answer?.extFields).toMatchObject({ suggestWhichBrokerId: '0', nextBeginOffset });
    expect(answer?.extFields?.['maxOffset']).toBeDefined();
    expect(answer?.extFields?.['minOffset']).toBeDefined();
  });

  it('filters by tag, of the pull or of the heartbeat', async () => {
    const bed = await bedWith(['a', 'b', 'a', 'c']);
    subscribe(bed, new FakeConnection(), { expression: 'b || c' });
    const offsets = (answer: RemotingCommand | undefined) => decodeRecords(answer!.body!).map(({ queueOffset }) => queueOffset);
    expect(offsets(await pull(bed, { subscription: 'a' }))).toEqual([0, 2]);
    expect(offsets(await pull(bed, { sysFlag: 0 }))).toEqual([1, 3]);
  });

  it('gives one message when it asks for none', async () => {
    const answer = await pull(await bedWith(['a', 'b']), { maxMsgNums: 0 });
    expect(decodeRecords(answer!.body!)).toHaveLength(1);
  });

  it('from a disk is answered later', async () => {
    const bed = await bedWith(['a']);
    bed.store.isCold = true;
    expect((await pull(bed))?.code).toBe(ResponseCode.SUCCESS);
  });
});

describe('a reader that does not take its answers', () => {
  it('is given none, but told to ask again; what it commits counts', async () => {
    const bed = await bedWith(['a', 'a']);
    const connection = new FakeConnection();
    connection.isBehind = true;
    const fields = { queueOffset: 1, commitOffset: 1, sysFlag: suspending | PullSysFlag.COMMIT_OFFSET };
    expect(await pull(bed, fields, connection)).toMatchObject({
      code: ResponseCode.PULL_RETRY_IMMEDIATELY,
      extFields: { nextBeginOffset: '1' },
      body: undefined,
    });
    expect(bed.offsets.query('CG_A', 'TopicT', 0)).toBe(1);
    connection.isBehind = false;
    expect((await pull(bed, fields, connection))?.code).toBe(ResponseCode.SUCCESS);
  });

  it('is given none either by pulls that were parked before', async () => {
    const bed = await bedWith([]);
    const connection = new FakeConnection();
    for (let count = 0; count < 3; count += 1) await pull(bed, { sysFlag: suspending }, connection);
    expect(connection.responses).toEqual([]);
    connection.isBehind = true;
    await bed.send({});
    await bed.environment.time.advance(1);
    expect(connection.responses.map(({ code, body }) => [code, body?.length])).toEqual(
      Array.from({ length: 3 }, () => [ResponseCode.PULL_RETRY_IMMEDIATELY, undefined]),
    );
  });
});

describe('a commit on the way', () => {
  it('counts when the pull is parked, and once', async () => {
    const bed = await bedWith(['a']);
    const fields = { queueOffset: 1, commitOffset: 1, sysFlag: suspending | PullSysFlag.COMMIT_OFFSET };
    expect(await pull(bed, fields)).toBeUndefined();
    expect(bed.offsets.query('CG_A', 'TopicT', 0)).toBe(1);
    bed.offsets.commit('CG_A', 'TopicT', 0, 9);
    await bed.send({});
    expect(bed.offsets.query('CG_A', 'TopicT', 0)).toBe(9);
  });

  it.each([
    ['without the flag', { commitOffset: 1 }],
    ['below zero', { commitOffset: -1, sysFlag: PullSysFlag.SUBSCRIPTION | PullSysFlag.COMMIT_OFFSET }],
    ['of a refused pull', { commitOffset: 1, queueId: 9, sysFlag: PullSysFlag.SUBSCRIPTION | PullSysFlag.COMMIT_OFFSET }],
  ])('does not count %s', async (_name, fields) => {
    const bed = await bedWith(['a']);
    await pull(bed, fields);
    expect(bed.offsets.query('CG_A', 'TopicT', 0)).toBe(-1);
    expect(bed.offsets.query('CG_A', 'TopicT', 9)).toBe(-1);
  });
});

describe('long polling', () => {
  it('answers when a message comes, in the turn of its flush, with all messages of that flush', async () => {
    const bed = await bedWith([]);
    const connection = new FakeConnection();
    await pull(bed, { sysFlag: suspending }, connection);
    expect(connection.responses).toEqual([]);
    const sender = new FakeConnection();
    const at = bed.environment.clock.now();
    for (let i = 0; i < 3; i += 1) await bed.process(sendRequest({}, at), sender);
    await bed.environment.time.advance(1);
    expect(connection.responses.map(({ code }) => code)).toEqual([ResponseCode.SUCCESS]);
    expect(decodeRecords(connection.lastResponse!.body!)).toHaveLength(3);
  });

  it('does not wait when it may not', async () => {
    const bed = await bedWith([]);
    expect((await pull(bed, {}))?.code).toBe(ResponseCode.PULL_NOT_FOUND);
  });

  it('waits for a tag that matches; the next scan tells of the others', async () => {
    const bed = await bedWith([]);
    const connection = new FakeConnection();
    await pull(bed, { sysFlag: suspending, subscription: 'a' }, connection);
    await bed.send({ propertyTable: { TAGS: 'b' } });
    expect(connection.responses).toEqual([]);
    await bed.environment.time.advance(5000);
    expect(connection.lastResponse).toMatchObject({ code: ResponseCode.PULL_RETRY_IMMEDIATELY, remark: 'NO_MATCHED_MESSAGE' });
    expect(connection.lastResponse?.extFields?.['nextBeginOffset']).toBe('1');
  });

  it('ends at the first scan after its time', async () => {
    const bed = await bedWith(['a']);
    const connection = new FakeConnection();
    await bed.environment.time.advance(1);
    await pull(bed, { sysFlag: suspending, queueOffset: 1, suspendTimeoutMillis: 15_000 }, connection);
    await bed.environment.time.advance(15_000);
    expect(connection.responses).toEqual([]);
    await bed.environment.time.advance(5000);
    expect(connection.responses.map(({ code }) => code)).toEqual([ResponseCode.PULL_NOT_FOUND]);
  });

  it('lasts a second when it is switched off', async () => {
    const bed = await bedWith([], { config: { longPollingEnable: false } });
    const connection = new FakeConnection();
    await pull(bed, { sysFlag: suspending }, connection);
    await bed.environment.time.advance(2000);
    expect(connection.responses).toHaveLength(1);
  });

  it('looks again at everything when it is woken', async () => {
    const bed = await bedWith([]);
    const connection = new FakeConnection();
    await pull(bed, { sysFlag: suspending }, connection);
    bed.groups.update({ ...bed.groups.find('CG_A')!, consumeEnable: false });
    await bed.send({});
    expect(connection.lastResponse?.code).toBe(ResponseCode.NO_PERMISSION);
  });

  it('misses no message that came while it read from the disk', async () => {
    const bed = await bedWith([]);
    bed.store.isCold = true;
    const connection = new FakeConnection();
    const pulling = bed.process(pullRequest({ sysFlag: suspending }), connection);
    bed.store.isCold = false;
    bed.store.putMessage(
      {
        topic: 'TopicT',
        queueId: 0,
        flag: 0,
        sysFlag: 0,
        bornTimestamp: 0,
        bornHost: Buffer.alloc(8),
        storeHost: Buffer.alloc(8),
        reconsumeTimes: 0,
        preparedTransactionOffset: 0,
        body: Buffer.from('x'),
        properties: Buffer.alloc(0),
        waitStore: true,
      },
      { onAppended: () => {}, onDone: () => {} },
    );
    bed.store.flush();
    await pulling;
    await bed.environment.time.advance(0);
    expect(connection.responses.map(({ code }) => code)).toEqual([ResponseCode.SUCCESS]);
  });

  it('answers everybody when the broker stops, and parks nobody after', async () => {
    const bed = await bedWith([]);
    const connection = new FakeConnection();
    await pull(bed, { sysFlag: suspending }, connection);
    await bed.stop();
    expect(connection.responses.map(({ code }) => code)).toEqual([ResponseCode.PULL_NOT_FOUND]);
    expect((await pull(bed, { sysFlag: suspending }, connection))?.code).toBe(ResponseCode.SERVICE_NOT_AVAILABLE);
  });
});

it('a reader of the schedule topic is not filtered: its queues hold times', async () => {
  const bed = await bedWith([]);
  await bed.send({ propertyTable: { DELAY: '3', TAGS: 'a' } });
  const answer = await pull(bed, { topic: SystemTopic.SCHEDULE, queueId: 2, subscription: 'b' });
  expect(answer?.code).toBe(ResponseCode.SUCCESS);
});
