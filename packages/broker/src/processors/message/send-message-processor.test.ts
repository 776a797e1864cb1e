import {
  decodeProperties,
  encodeBatch,
  encodeProperties,
  Permission,
  RequestCode,
  ResponseCode,
  SysFlag,
  SystemTopic,
} from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { type MessageTestbed, messageTestbed, type SendFields, sendRequest } from '../../test-support/message-testbed.js';
import { plainTopic } from '../../topic/boot-topics.js';

const ownProperties = { CLUSTER: 'DefaultCluster', MSG_REGION: 'DefaultRegion', TRACE_ON: 'true' };

describe('a priority', () => {
  const priorities = async (type: string | undefined, fields: SendFields): Promise<string | undefined> => {
    const bed = await messageTestbed();
    const attributes: Record<string, string> = type === undefined ? {} : { 'message.type': type };
    bed.topics.update({ ...plainTopic('P', 4, Permission.READ | Permission.WRITE), readQueueNums: 3, attributes });
    const answer = await bed.send({ topic: 'P', queueId: 1, ...fields });
    await bed.stop();
    return answer.extFields?.['queueId'];
  };

  it.each([
    ['0', '0'],
    ['2', '2'],
    // Nobody reads queue 3.
    ['3', '2'],
    ['-1', '1'],
    ['much', '1'],
  ])('%s on a topic of priorities is queue %s', async (priority, queueId) => {
    expect(await priorities('PRIORITY', { propertyTable: { _SYS_MSG_PRIORITY_: priority } })).toBe(queueId);
  });

  it.each([undefined, 'NORMAL', 'MIXED', 'FIFO', 'DELAY', 'TRANSACTION', 'UNSPECIFIED'])(
    'moves no message of a topic of type %s',
    async (type) => {
      expect(await priorities(type, { propertyTable: { _SYS_MSG_PRIORITY_: '2' } })).toBe('1');
    },
  );

  it('moves messages of every type with priorityOnAllTopics, as 5.5.0', async () => {
    const bed = await messageTestbed({ config: { priorityOnAllTopics: true } });
    const answer = await bed.send({ queueId: 1, propertyTable: { _SYS_MSG_PRIORITY_: '3' } });
    expect(answer.extFields?.['queueId']).toBe('3');
    await bed.stop();
  });

  it('moves no batch', async () => {
    const body = encodeBatch([{ flag: 0, body: Buffer.from('b'), properties: '' }]);
    const code = RequestCode.SEND_BATCH_MESSAGE;
    expect(await priorities('PRIORITY', { code, batch: true, body, propertyTable: { _SYS_MSG_PRIORITY_: '2' } })).toBe('1');
  });
});

describe('a plain send', () => {
  it('is stored as sent, with what 5.x brokers add', async () => {
    const bed = await messageTestbed();
    const answer = await bed.send({
      queueId: 3,
      flag: 7,
      sysFlag: 769,
      bornTimestamp: 12_345,
      body: Buffer.from('körper'),
      propertyTable: { KEYS: 'k', UNIQ_KEY: 'U1', WAIT: 'true', TAGS: 'TagA' },
    });
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    expect(answer.extFields).toEqual({
      msgId: '7F00000100002A9F0000000000000000',
      queueId: '3',
      queueOffset: '0',
      transactionId: 'U1',
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
    });
    const [message] = bed.store.messages('TopicT', 3);
    expect(message).toMatchObject({
      topic: 'TopicT',
      flag: 7,
      sysFlag: 769,
      bornTimestamp: 12_345,
      bornHost: '192.0.2.2:44930',
      storeHost: '127.0.0.1:10911',
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: Buffer.from('körper'),
    });
    expect({ ...decodeProperties(message!.propertiesBytes) }).toEqual({
      KEYS: 'k',
      UNIQ_KEY: 'U1',
      WAIT: 'true',
      TAGS: 'TagA',
      ...ownProperties,
    });
  });

  it.each(['', 'A\u0001b', 'A\u0001b\u0002'])('gets a unique key when it has none (%j)', async (properties) => {
    const bed = await messageTestbed();
    const answer = await bed.send({ properties });
    const key = answer.extFields?.['transactionId'];
    expect(key).toMatch(/^[0-9A-F]{32}$/);
    const stored = decodeProperties(bed.store.messages('TopicT')[0]!.propertiesBytes);
    expect({ ...stored }).toEqual({ ...(properties === '' ? {} : { A: 'b' }), UNIQ_KEY: key, ...ownProperties });
  });

  it('replaces what only a broker may say, and drops what is never stored', async () => {
    const bed = await messageTestbed();
    const propertyTable = { CLUSTER: 'other', REAL_TOPIC: 'x', POP_CK: 'c', '__RMQ.TRANSIENT.A': '1', __proto__x: 'y', A: 'b' };
    await bed.send({ propertyTable: { ...propertyTable, UNIQ_KEY: 'U' } });
    expect({ ...decodeProperties(bed.store.messages('TopicT')[0]!.propertiesBytes) }).toMatchObject({ A: 'b', ...ownProperties });
    const names = Object.keys(decodeProperties(bed.store.messages('TopicT')[0]!.propertiesBytes));
    expect(names.filter((name) => name === 'POP_CK' || name.startsWith('__RMQ'))).toEqual([]);
  });

  it('goes to a random queue when it asks for none', async () => {
    const bed = await messageTestbed();
    const queues = new Set<string | undefined>();
    for (let i = 0; i < 40; i += 1) queues.add((await bed.send({ queueId: -1 })).extFields?.['queueId']);
    expect(queues).toEqual(new Set(['0', '1', '2', '3']));
  });

  it('is accepted with long names (10), and stored alone under code 320 when it is no batch', async () => {
    const bed = await messageTestbed();
    const connection = new FakeConnection();
    const request = sendRequest({}, 0);
    const long = {
      producerGroup: 'P',
      topic: 'TopicL',
      defaultTopic: 'TBW102',
      defaultTopicQueueNums: '4',
      queueId: '1',
      sysFlag: '0',
    };
    const extFields = { ...long, bornTimestamp: '5', flag: '0', properties: 'A\u0001b' };
    await bed.process({ ...request, code: RequestCode.SEND_MESSAGE, extFields }, connection);
    await bed.send({ code: RequestCode.SEND_BATCH_MESSAGE, topic: 'TopicL', queueId: 1 }, connection);
    expect(bed.store.messages('TopicL', 1)).toHaveLength(2);
  });

  it('is answered when it is durable, not before', async () => {
    const bed = await messageTestbed();
    const connection = new FakeConnection();
    await bed.process(sendRequest({}, 0), connection);
    expect(bed.store.puts).toHaveLength(1);
    expect(connection.responses).toEqual([]);
    await bed.environment.time.advance(1);
    expect(connection.responses).toHaveLength(1);
  });

  it('tells the store when its sender does not want to wait', async () => {
    const bed = await messageTestbed();
    await bed.send({ propertyTable: { WAIT: 'false', UNIQ_KEY: 'U' } });
    await bed.send({ propertyTable: { WAIT: 'false', UNIQ_KEY: 'U', CLUSTER: 'long way' } });
    expect(bed.store.puts.map((message) => message.waitStore)).toEqual([false, false]);
  });

  it('is stored and not answered when it is one-way', async () => {
    const bed = await messageTestbed();
    const connection = new FakeConnection();
    await bed.process(sendRequest({ oneway: true }, 0), connection);
    await bed.environment.time.advance(5);
    expect(bed.store.messages('TopicT')).toHaveLength(1);
    expect(connection.responses).toEqual([]);
  });

  it('keeps IPv6 hosts with their bits', async () => {
    const bed = await messageTestbed();
    await bed.send({ sysFlag: SysFlag.STORE_HOST_V6 }, new FakeConnection('[2001:db8::1]:5'));
    const [message] = bed.store.messages('TopicT');
    expect(message?.sysFlag).toBe(SysFlag.BORN_HOST_V6);
    expect(message?.bornHost).toBe('2001:db8::1:5');
  });
});

describe('a refused send', () => {
  const cases: [string, SendFields, number][] = [
    ['an empty body', { body: Buffer.alloc(0) }, ResponseCode.SYSTEM_ERROR],
    ['bad characters in the topic', { topic: '../x' }, ResponseCode.INVALID_PARAMETER],
    ['an empty topic', { topic: '' }, ResponseCode.INVALID_PARAMETER],
    ['a topic of 128 characters', { topic: 'x'.repeat(128) }, ResponseCode.INVALID_PARAMETER],
    ['the schedule topic', { topic: SystemTopic.SCHEDULE }, ResponseCode.NO_PERMISSION],
    ['the half topic', { topic: SystemTopic.TRANS_HALF }, ResponseCode.NO_PERMISSION],
    ['the op topic', { topic: SystemTopic.TRANS_OP_HALF }, ResponseCode.NO_PERMISSION],
    ['the topic of given-up transactions', { topic: SystemTopic.TRANS_CHECK_MAX_TIME }, ResponseCode.NO_PERMISSION],
    ['the self-test topic', { topic: SystemTopic.SELF_TEST }, ResponseCode.NO_PERMISSION],
    ['the offset-moved topic', { topic: SystemTopic.OFFSET_MOVED_EVENT }, ResponseCode.NO_PERMISSION],
    ['the timer topic', { topic: 'rmq_sys_wheel_timer' }, ResponseCode.NO_PERMISSION],
    ['an unknown template', { topic: 'New', defaultTopic: 'nothing' }, ResponseCode.TOPIC_NOT_EXIST],
    ['a queue beyond the last', { queueId: 4 }, ResponseCode.INVALID_PARAMETER],
    ['a body over the limit', { body: Buffer.alloc(1025) }, ResponseCode.MESSAGE_ILLEGAL],
    ['properties over the limit', { properties: `A\u0001${'x'.repeat(32_766)}` }, ResponseCode.MESSAGE_ILLEGAL],
    ['an inner batch', { sysFlag: SysFlag.INNER_BATCH }, ResponseCode.MESSAGE_ILLEGAL],
    ['a prepared flag without TRAN_MSG', { sysFlag: SysFlag.TRANSACTION_PREPARED }, ResponseCode.MESSAGE_ILLEGAL],
    ['a rollback flag without TRAN_MSG', { sysFlag: SysFlag.TRANSACTION_ROLLBACK }, ResponseCode.MESSAGE_ILLEGAL],
    ['a delay that is no number', { propertyTable: { DELAY: 'soon' } }, ResponseCode.SYSTEM_ERROR],
    ['a time further ahead than any', { propertyTable: { TIMER_DELAY_SEC: '259201' } }, ResponseCode.MESSAGE_ILLEGAL],
    ['a time that is no number', { propertyTable: { TIMER_DELIVER_MS: 'soon' } }, ResponseCode.MESSAGE_ILLEGAL],
    ['a delayed transaction', { propertyTable: { TRAN_MSG: 'true', DELAY: '1' } }, ResponseCode.MESSAGE_ILLEGAL],
    ['a timed transaction', { propertyTable: { TRAN_MSG: 'true', TIMER_DELAY_MS: '1' } }, ResponseCode.MESSAGE_ILLEGAL],
  ];

  it.each(cases)('%s', async (_name, fields, code) => {
    const bed = await messageTestbed({ config: { maxMessageSize: 1024 } });
    const answer = await bed.send(fields);
    expect(answer.code).toBe(code);
    expect(answer.remark).toBeTruthy();
    // Java clients read these of every answer.
    expect(answer.extFields).toEqual({ MSG_REGION: 'DefaultRegion', TRACE_ON: 'true' });
    expect(bed.store.puts).toEqual([]);
  });

  it('takes a body of exactly maxMessageSize', async () => {
    const bed = await messageTestbed({ config: { maxMessageSize: 1024 } });
    expect((await bed.send({ body: Buffer.alloc(1024) })).code).toBe(ResponseCode.SUCCESS);
  });

  it('accepts a queue that is only readable, as Java does', async () => {
    const bed = await messageTestbed();
    const topic = bed.topics.ensure('Wide', 4, Permission.READ | Permission.WRITE);
    bed.topics.update({ ...topic, readQueueNums: 8 });
    expect((await bed.send({ topic: 'Wide', queueId: 7 })).code).toBe(ResponseCode.SUCCESS);
    expect((await bed.send({ topic: 'Wide', queueId: 8 })).code).toBe(ResponseCode.INVALID_PARAMETER);
  });

  describe.each([
    ['10', { code: RequestCode.SEND_MESSAGE }],
    ['310', {}],
    [
      '320',
      {
        code: RequestCode.SEND_BATCH_MESSAGE,
        batch: true,
        body: encodeBatch([{ flag: 0, body: Buffer.from('a'), properties: '' }]),
      },
    ],
  ] as const)('with request %s', (_name, kind) => {
    it.each([
      // Read and write queues, queue asked for, answer.
      [4, 0, -1, ResponseCode.SYSTEM_ERROR],
      [0, 0, -1, ResponseCode.SYSTEM_ERROR],
      [0, 4, -1, ResponseCode.SYSTEM_ERROR],
      [4, 0, 3, ResponseCode.SUCCESS],
      [4, 0, 4, ResponseCode.INVALID_PARAMETER],
      [0, 0, 0, ResponseCode.INVALID_PARAMETER],
      [4, 2, 3, ResponseCode.SUCCESS],
      [4, 2, 2_147_483_647, ResponseCode.INVALID_PARAMETER],
      [2, 4, 1, ResponseCode.SUCCESS],
      // Java stores these two where nobody reads them.
      [2, 4, 2, ResponseCode.INVALID_PARAMETER],
      [2, 4, 3, ResponseCode.INVALID_PARAMETER],
    ])('%i queues to read and %i to write, queue %i: %i', async (readQueueNums, writeQueueNums, queueId, code) => {
      const bed = await messageTestbed();
      bed.topics.update({ ...plainTopic('Uneven', 4, 6), readQueueNums, writeQueueNums });
      expect((await bed.send({ ...kind, topic: 'Uneven', queueId })).code).toBe(code);
      expect(bed.store.puts.length).toBe(code === ResponseCode.SUCCESS ? 1 : 0);
    });

    it.each([
      [4, 2],
      [2, 4],
    ])('the broker picks among the queues that are written and read, of %i and %i', async (readQueueNums, writeQueueNums) => {
      const bed = await messageTestbed();
      bed.topics.update({ ...plainTopic('Uneven', 4, 6), readQueueNums, writeQueueNums });
      const picked = new Set<number>();
      for (let i = 0; i < 40; i += 1) await bed.send({ ...kind, topic: 'Uneven', queueId: i % 2 === 0 ? -1 : -2_147_483_648 });
      for (const { queueId } of bed.store.puts) picked.add(queueId);
      expect([...picked].toSorted((a, b) => a - b)).toEqual([0, 1]);
    });
  });

  it('forgets what it knew of a topic when that changes', async () => {
    const bed = await messageTestbed();
    expect((await bed.send({ queueId: 3 })).code).toBe(ResponseCode.SUCCESS);
    const topic = bed.topics.get('TopicT')!;
    bed.topics.update({ ...topic, readQueueNums: 2, writeQueueNums: 2 });
    expect((await bed.send({ queueId: 3 })).code).toBe(ResponseCode.INVALID_PARAMETER);
  });

  it('refuses only ordered topics on a broker that is not writable', async () => {
    const bed = await messageTestbed({ config: { brokerPermission: Permission.READ } });
    const topic = bed.topics.ensure('Ordered', 4, Permission.READ | Permission.WRITE);
    bed.topics.update({ ...topic, order: true });
    expect((await bed.send({ topic: 'Ordered' })).code).toBe(ResponseCode.NO_PERMISSION);
    expect((await bed.send({ topic: 'Plain' })).code).toBe(ResponseCode.SUCCESS);
  });

  it.each([
    ['SERVICE_NOT_AVAILABLE', ResponseCode.SERVICE_NOT_AVAILABLE],
    ['DISK_FULL', ResponseCode.SERVICE_NOT_AVAILABLE],
    ['BUSY', ResponseCode.SYSTEM_BUSY],
    ['MESSAGE_ILLEGAL', ResponseCode.MESSAGE_ILLEGAL],
    ['PROPERTIES_SIZE_EXCEEDED', ResponseCode.MESSAGE_ILLEGAL],
  ] as const)('says why the store did not take it: %s', async (status, code) => {
    const bed = await messageTestbed();
    bed.store.nextStatuses.push(status);
    const answer = await bed.send({});
    expect(answer.code).toBe(code);
    expect(answer.extFields).toEqual({ MSG_REGION: 'DefaultRegion', TRACE_ON: 'true' });
    const isAboutTheStore = code === ResponseCode.SERVICE_NOT_AVAILABLE;
    expect(answer.remark?.endsWith('[CL:  0.91 CQ:  0.07 INDEX:  0.07]')).toBe(isAboutTheStore);
    expect(bed.statistics.storeStats.putFailures).toBe(1);
    expect(bed.statistics.stats.find('TOPIC_PUT_NUMS', 'TopicT')?.value).toBe(0);
  });

  it('gives no answer when the disk failed under an appended message: the connection ends, so its fate counts as unknown', async () => {
    const bed = await messageTestbed();
    const connection = new FakeConnection();
    bed.store.nextStatuses.push('FAILED_AFTER_APPEND');
    await bed.process(sendRequest({}, 0), connection);
    await bed.environment.time.advance(1);
    expect([connection.responses, connection.isOpen]).toEqual([[], false]);
  });

  it('answers 10 with the place of a message that is stored but whose flush took too long', async () => {
    const bed = await messageTestbed();
    bed.store.nextStatuses.push('FLUSH_DISK_TIMEOUT');
    const answer = await bed.send({});
    expect(answer.code).toBe(ResponseCode.FLUSH_DISK_TIMEOUT);
    expect(answer.extFields).toMatchObject({ queueOffset: '0', msgId: '7F00000100002A9F0000000000000000' });
  });

  it('refuses with 2 while sendThreadPoolQueueCapacity messages wait, and takes more when they are flushed', async () => {
    const bed = await messageTestbed({ config: { sendThreadPoolQueueCapacity: 2 } });
    const connection = new FakeConnection();
    for (let i = 0; i < 3; i += 1) await bed.process(sendRequest({}, 0), connection);
    expect(connection.responses.map(({ code, remark }) => [code, remark?.startsWith('[OVERLOAD]')])).toEqual([
      [ResponseCode.SYSTEM_BUSY, true],
    ]);
    await bed.environment.time.advance(1);
    expect((await bed.send({}, connection)).code).toBe(ResponseCode.SUCCESS);
    expect(bed.store.puts).toHaveLength(3);
  });
});

describe('auto-creation', () => {
  it('makes as many queues as the client says, at most those of the template', async () => {
    const bed = await messageTestbed();
    await bed.send({ topic: 'Four', defaultTopicQueueNums: 4 });
    await bed.send({ topic: 'Many', defaultTopicQueueNums: 100 });
    expect(bed.topics.get('Four')).toMatchObject({ readQueueNums: 4, writeQueueNums: 4, perm: 6 });
    expect(bed.topics.get('Many')).toMatchObject({ writeQueueNums: 8 });
  });

  it('can be switched off, but for retry topics', async () => {
    const bed = await messageTestbed({ config: { autoCreateTopicEnable: false } });
    expect((await bed.send({ topic: 'New' })).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
    expect((await bed.send({ topic: '%RETRY%CG_A' })).code).toBe(ResponseCode.SUCCESS);
    expect(bed.topics.get('%RETRY%CG_A')).toMatchObject({ readQueueNums: 1, writeQueueNums: 1, perm: 6 });
  });
});

describe('a batch', () => {
  const batchBody = (count: number): Buffer => {
    const messages = Array.from({ length: count }, (_, i) => ({
      flag: i,
      body: Buffer.from(`m${i}`),
      properties: encodeProperties({ TAGS: `t${i}`, DELAY: '3' }),
    }));
    return encodeBatch(messages);
  };
  const traced = { MSG_REGION: 'DefaultRegion', TRACE_ON: 'true' };
  const batch: SendFields = { code: RequestCode.SEND_BATCH_MESSAGE, batch: true, queueId: 2 };

  it('is stored as consecutive messages with their own properties', async () => {
    const bed = await messageTestbed();
    const answer = await bed.send({ ...batch, body: batchBody(3), propertyTable: { UNIQ_KEY: 'B', WAIT: 'true' } });
    const messages = bed.store.messages('TopicT', 2);
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    expect(answer.extFields).toMatchObject({ queueId: '2', queueOffset: '0', transactionId: 'B' });
    expect(answer.extFields?.['msgId']?.split(',')).toHaveLength(3);
    expect(messages.map(({ flag, body, queueOffset }) => [flag, body.toString(), queueOffset])).toEqual([
      [0, 'm0', 0],
      [1, 'm1', 1],
      [2, 'm2', 2],
    ]);
    // DELAY of a message within a batch has no effect.
    expect({ ...decodeProperties(messages[1]!.propertiesBytes) }).toEqual({ TAGS: 't1', DELAY: '3', ...traced });
  });

  it('keeps no checksum of a record, nor what belongs to requests in flight', async () => {
    const bed = await messageTestbed();
    const properties = encodeProperties({ TAGS: 'a', '__CRC32#': '1111111111', '__RMQ.TRANSIENT.x': '1', POP_CK: 'c' });
    await bed.send({ ...batch, body: encodeBatch([{ flag: 0, body: Buffer.from('m'), properties }]) });
    expect({ ...decodeProperties(bed.store.messages('TopicT', 2)[0]!.propertiesBytes) }).toEqual({ TAGS: 'a', ...traced });
  });

  it.each([
    [0, true],
    [1, false],
  ])('gets them where they have room (%i bytes more: %s)', async (moreBytes, isTraced) => {
    const bed = await messageTestbed();
    const addedBytes = Buffer.byteLength(`\u0002${encodeProperties(traced)}`);
    const properties = 'k\u0001'.padEnd(32_767 - addedBytes + moreBytes, 'x');
    const answer = await bed.send({ ...batch, body: encodeBatch([{ flag: 0, body: Buffer.from('m'), properties }]) });
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    const stored = bed.store.messages('TopicT', 2)[0]!.propertiesBytes;
    expect([stored.length, 'TRACE_ON' in decodeProperties(stored)]).toEqual([isTraced ? 32_767 : properties.length, isTraced]);
  });

  // Java: 5.5 leaves them out of batches, and the consumers of 5.x then write no trace (page 34).
  it.each([
    ['nothing of its own', '', {}],
    ['an open end', 'TAGS\u0001a', { TAGS: 'a' }],
    ['a closed end', 'TAGS\u0001a\u0002', { TAGS: 'a' }],
    ["another broker's region", 'MSG_REGION\u0001far\u0002TAGS\u0001a\u0002', { TAGS: 'a' }],
    ['the name as a value', 'TAGS\u0001TRACE_ON\u0002', { TAGS: 'TRACE_ON' }],
  ])('has region and trace switch in every message: %s', async (_name, properties, own) => {
    const bed = await messageTestbed();
    await bed.send({ ...batch, body: encodeBatch([{ flag: 0, body: Buffer.from('m'), properties }]) });
    expect({ ...decodeProperties(bed.store.messages('TopicT', 2)[0]!.propertiesBytes) }).toEqual({ ...own, ...traced });
  });

  it('counts its messages and the bytes of their records', async () => {
    const bed = await messageTestbed();
    await bed.send({ ...batch, body: batchBody(3) });
    await bed.send({});
    const { stats } = bed.statistics;
    expect(stats.find('TOPIC_PUT_NUMS', 'TopicT')).toMatchObject({ value: 4, times: 2 });
    const sizes = [...bed.store.records.values()].map((record) => record.length);
    expect(stats.find('TOPIC_PUT_SIZE', 'TopicT')?.value).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect(sizes).toHaveLength(4);
  });

  it('is what the header says, whatever the code', async () => {
    const bed = await messageTestbed();
    await bed.send({ ...batch, code: RequestCode.SEND_MESSAGE_V2, body: batchBody(2) });
    expect(bed.store.messages('TopicT', 2)).toHaveLength(2);
  });

  it.each<[string, SendFields, number]>([
    ['a retry topic', { topic: '%RETRY%CG_A', queueId: 0 }, ResponseCode.MESSAGE_ILLEGAL],
    ['a delay of its own', { propertyTable: { DELAY: '1' } }, ResponseCode.MESSAGE_ILLEGAL],
    ['a transaction', { sysFlag: SysFlag.TRANSACTION_PREPARED }, ResponseCode.MESSAGE_ILLEGAL],
    ['a body that is none', { body: Buffer.from('no batch') }, ResponseCode.SYSTEM_ERROR],
    ['a cut body', { body: batchBody(2).subarray(0, -1) }, ResponseCode.SYSTEM_ERROR],
    ['too many messages', { body: batchBody(5) }, ResponseCode.MESSAGE_ILLEGAL],
  ])('is refused with %s', async (_name, fields, code) => {
    const bed = await messageTestbed({ limits: { batchCountMax: 4 } });
    const answer = await bed.send({ ...batch, body: batchBody(1), ...fields });
    expect(answer.code).toBe(code);
    expect(bed.store.puts).toEqual([]);
  });

  it('may have exactly batchCountMax messages', async () => {
    const bed = await messageTestbed({ limits: { batchCountMax: 4 } });
    expect((await bed.send({ ...batch, body: batchBody(4) })).code).toBe(ResponseCode.SUCCESS);
  });
});

describe('a delayed send', () => {
  it('waits in the queue of its level, and is answered with its own queue', async () => {
    const bed = await messageTestbed();
    const answer = await bed.send({ queueId: 2, propertyTable: { DELAY: '3', UNIQ_KEY: 'U', TIMER_DELAY_SEC: '9' } });
    expect(answer.extFields).toMatchObject({ queueId: '2', queueOffset: '0' });
    const [message] = bed.store.messages(SystemTopic.SCHEDULE, 2);
    const properties = { ...decodeProperties(message!.propertiesBytes) };
    expect(properties).toEqual({ DELAY: '3', UNIQ_KEY: 'U', REAL_TOPIC: 'TopicT', REAL_QID: '2', ...ownProperties });
  });

  it('beyond the table waits at the last level', async () => {
    const bed = await messageTestbed();
    await bed.send({ propertyTable: { DELAY: '99' } });
    const [message] = bed.store.messages(SystemTopic.SCHEDULE, 17);
    expect(decodeProperties(message!.propertiesBytes)['DELAY']).toBe('18');
  });

  it.each(['0', '-1'])('at level %s is not delayed', async (delay) => {
    const bed = await messageTestbed();
    await bed.send({ propertyTable: { DELAY: delay } });
    expect(bed.store.messages('TopicT')).toHaveLength(1);
  });
});

describe('a transactional send', () => {
  const half: SendFields = {
    queueId: 3,
    sysFlag: SysFlag.TRANSACTION_PREPARED | SysFlag.COMPRESSED,
    propertyTable: { TRAN_MSG: 'TRUE', PGROUP: 'PG_T', UNIQ_KEY: 'U' },
  };

  it('is hidden in the half topic; its answer has the real queue and the offset of the half', async () => {
    const bed = await messageTestbed();
    await bed.send(half);
    const answer = await bed.send(half);
    expect(answer.extFields).toMatchObject({ queueId: '3', queueOffset: '1', transactionId: 'U' });
    const [message] = bed.store.messages(SystemTopic.TRANS_HALF);
    expect(message?.sysFlag).toBe(SysFlag.COMPRESSED);
    expect({ ...decodeProperties(message!.propertiesBytes) }).toMatchObject({
      REAL_TOPIC: 'TopicT',
      REAL_QID: '3',
      __transactionId__: 'U',
      PGROUP: 'PG_T',
    });
    expect(bed.store.messages('TopicT', 3)).toEqual([]);
  });

  it('can be forbidden', async () => {
    const bed = await messageTestbed({ config: { rejectTransactionMessage: true } });
    expect((await bed.send(half)).code).toBe(ResponseCode.NO_PERMISSION);
  });

  it('is refused while too many are undecided', async () => {
    const bed = await messageTestbed({ limits: { halfWindowMax: 2 } });
    expect((await bed.send(half)).code).toBe(ResponseCode.SUCCESS);
    expect((await bed.send(half)).code).toBe(ResponseCode.SUCCESS);
    expect((await bed.send(half)).code).toBe(ResponseCode.SYSTEM_BUSY);
  });

  it('is an ordinary one when it is a delayed retry', async () => {
    const bed = await messageTestbed();
    await bed.send({ ...half, sysFlag: 0, reconsumeTimes: 1, propertyTable: { TRAN_MSG: 'true', DELAY: '3' } });
    expect(bed.store.messages(SystemTopic.SCHEDULE, 2)).toHaveLength(1);
  });
});

describe('a send to a retry topic', () => {
  const retry = (fields: SendFields): SendFields => ({
    topic: '%RETRY%CG_A',
    reconsumeTimes: 1,
    maxReconsumeTimes: 3,
    propertyTable: { DELAY: '4', UNIQ_KEY: 'U' },
    ...fields,
  });
  const stored = (bed: MessageTestbed, topic: string) => bed.store.messages(topic).map(({ reconsumeTimes }) => reconsumeTimes);

  it('waits at its level until the last allowed retry', async () => {
    const bed = await messageTestbed();
    await bed.send(retry({ reconsumeTimes: 3 }));
    expect(bed.store.messages(SystemTopic.SCHEDULE, 3).map(({ reconsumeTimes }) => reconsumeTimes)).toEqual([3]);
  });

  it('goes to the dead letters at once after it', async () => {
    const bed = await messageTestbed();
    const answer = await bed.send(retry({ reconsumeTimes: 4 }));
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    expect(stored(bed, '%DLQ%CG_A')).toEqual([4]);
    expect(bed.topics.get('%DLQ%CG_A')).toMatchObject({ writeQueueNums: 1, perm: 6 });
    expect(decodeProperties(bed.store.messages('%DLQ%CG_A')[0]!.propertiesBytes)['DELAY']).toBe('-1');
  });

  it("counts by the group's own maximum for a client too old to say one", async () => {
    const bed = await messageTestbed();
    await bed.send(retry({ reconsumeTimes: 4, version: 120 }));
    await bed.send(retry({ reconsumeTimes: 17, version: 120 }));
    expect(stored(bed, '%DLQ%CG_A')).toEqual([17]);
  });

  it('is answered when it is durable, though a message that was retried before says WAIT=false', async () => {
    const bed = await messageTestbed();
    await bed.send(retry({ propertyTable: { DELAY: '4', UNIQ_KEY: 'U', WAIT: 'false' } }));
    await bed.send({ propertyTable: { DELAY: '4', WAIT: 'false' } });
    expect(bed.store.puts.map(({ waitStore }) => waitStore)).toEqual([true, false]);
  });

  it('goes to the dead letters while an orderly lock of the group lives', async () => {
    const bed = await messageTestbed();
    bed.locks.tryLock('CG_A', 'client', [{ topic: 'TopicT', brokerName: 'broker-a', queueId: 0 }]);
    await bed.send(retry({ reconsumeTimes: 1 }));
    expect(stored(bed, '%DLQ%CG_A')).toEqual([1]);
  });

  it('is refused for an unknown group', async () => {
    const bed = await messageTestbed({ config: { autoCreateSubscriptionGroup: false } });
    expect((await bed.send(retry({}))).code).toBe(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST);
  });
});
