import { decodeRecords, encodeHeartbeat, type RemotingCommand, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { expect, test, vi } from 'vitest';
import { parseProperties } from './config/properties.js';
import type { File } from './store/io/file-system.js';
import { MemoryFileSystem } from './store/io/memory-file-system.js';
import { brokerConfigFile, runningBroker } from './test-support/running-broker.js';

// Whole brokers: much work for a machine that others use too.
vi.setConfig({ testTimeout: 30_000 });

const bodies = (response: RemotingCommand): string[] =>
  decodeRecords(response.body ?? Buffer.alloc(0)).map((message) => message.body.toString());

test('a broker that is made read-only says so at once: to NameServers for every topic, to senders for ordered ones', async () => {
  const { startBroker, configure, createTopic, send, route } = await runningBroker();
  await startBroker();
  await createTopic('T');
  await createTopic('Ordered', { order: 'true' });
  expect([(await route('T'))?.perm, (await send('Ordered', 'a')).code]).toEqual([6, ResponseCode.SUCCESS]);
  expect((await configure('brokerPermission=4')).code).toBe(ResponseCode.SUCCESS);
  expect([(await route('T'))?.perm, (await send('Ordered', 'b')).code]).toEqual([4, ResponseCode.NO_PERMISSION]);
  // As Apache's: only ordered topics are refused.
  expect((await send('T', 'c')).code).toBe(ResponseCode.SUCCESS);
  await configure('brokerPermission=6');
  expect([(await route('T'))?.perm, (await send('Ordered', 'd')).code]).toEqual([6, ResponseCode.SUCCESS]);
});

test('what was configured at run time is there after a restart; the file keeps its comments', async () => {
  const { startBroker, settle, configure, ask, fileSystem } = await runningBroker();
  const first = await startBroker();
  await configure('fileReservedTime=48\ndefaultTopicQueueNums=3\nfileReservedTime2=1');
  await settle(first.stop());
  expect((await fileSystem.readFile(brokerConfigFile))?.toString()).toMatch(/^# a broker\n/);
  await startBroker();
  const shown = parseProperties((await ask(RequestCode.GET_BROKER_CONFIG)).body ?? '');
  expect([shown.get('fileReservedTime'), shown.get('defaultTopicQueueNums'), shown.has('fileReservedTime2')]).toEqual([
    '48',
    '3',
    false,
  ]);
});

/** Counts the flushes of the log. */
class CountingFileSystem extends MemoryFileSystem {
  flushCount = 0;

  override async open(path: string, options: { readonly create: boolean }): Promise<File> {
    const file = await super.open(path, options);
    if (!path.includes('/commitlog/')) return file;
    const count = (): void => {
      this.flushCount += 1;
    };
    return new Proxy(file, {
      get(target, name) {
        if (name === 'datasync' || name === 'writeDurably') count();
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }
}

test('flushDiskType changes for the next message', async () => {
  const fileSystem = new CountingFileSystem();
  const keys = 'flushDiskType=ASYNC_FLUSH\nflushIntervalCommitLog=100000000\n';
  const { startBroker, configure, send } = await runningBroker(keys, fileSystem);
  await startBroker();
  await send('T', 'a');
  const flushesOf = async (text: string): Promise<number> => {
    const before = fileSystem.flushCount;
    expect((await send('T', text)).code).toBe(ResponseCode.SUCCESS);
    return fileSystem.flushCount - before;
  };
  expect(await flushesOf('b')).toBe(0);
  expect((await configure('flushDiskType=SYNC_FLUSH')).code).toBe(ResponseCode.SUCCESS);
  expect(await flushesOf('c')).toBeGreaterThan(0);
  await configure('flushDiskType=ASYNC_FLUSH');
  expect(await flushesOf('d')).toBe(0);
});

test('auto-creation is switched off and on in a running broker', async () => {
  const { startBroker, configure, send } = await runningBroker('autoCreateTopicEnable=false\n');
  await startBroker();
  expect((await send('T', 'a')).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
  await configure('autoCreateTopicEnable=true');
  expect((await send('T', 'a')).code).toBe(ResponseCode.SUCCESS);
  await configure('autoCreateTopicEnable=false');
  expect((await send('U', 'a')).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
});

test('transactions are refused from the next send on', async () => {
  const { startBroker, configure, ask } = await runningBroker();
  await startBroker();
  const half = () =>
    ask(
      RequestCode.SEND_MESSAGE,
      {
        producerGroup: 'p',
        topic: 'T',
        defaultTopic: 'TBW102',
        defaultTopicQueueNums: '1',
        queueId: '0',
        sysFlag: '4',
        bornTimestamp: '0',
        flag: '0',
        properties: 'TRAN_MSG\u0001true\u0002PGROUP\u0001p\u0002',
      },
      'half',
    );
  expect((await half()).code).toBe(ResponseCode.SUCCESS);
  await configure('rejectTransactionMessage=true');
  expect((await half()).code).toBe(ResponseCode.NO_PERMISSION);
});

test('a deleted topic is gone with its messages; one that is sent to again has only what came after', async () => {
  const { startBroker, ask, send, pull, settle } = await runningBroker();
  const first = await startBroker();
  for (const text of ['a', 'b']) await send('T', text);
  expect(bodies(await pull('T', 0))).toEqual(['a', 'b']);
  expect((await ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'T' })).code).toBe(ResponseCode.SUCCESS);
  expect([(await pull('T', 0)).code, (await ask(RequestCode.GET_TOPIC_CONFIG, { topic: 'T' })).code]).toEqual([
    ResponseCode.TOPIC_NOT_EXIST,
    ResponseCode.TOPIC_NOT_EXIST,
  ]);
  expect((await send('T', 'c')).code).toBe(ResponseCode.SUCCESS);
  const moved = await pull('T', 0);
  expect(moved.code).toBe(ResponseCode.PULL_OFFSET_MOVED);
  const offset = Number(moved.extFields?.['nextBeginOffset']);
  expect(bodies(await pull('T', offset))).toEqual(['c']);
  await settle(first.stop());
  await startBroker();
  expect(bodies(await pull('T', offset))).toEqual(['c']);
});

test('a deletion takes topic and messages in one moment: a topic that is there has what made it, one that is not leaves nothing', async () => {
  const { startBroker, begin, settle, ask, send } = await runningBroker();
  await startBroker();
  const offset = async (code: number, topic: string): Promise<number> =>
    Number((await ask(code, { topic, queueId: '0' })).extFields?.['offset']);
  const outcomes = new Set<boolean>();
  for (let count = 0; count < 12; count += 1) {
    const topic = `T${count}`;
    await send(topic, 'old');
    const deleting = begin(10_911, RequestCode.DELETE_TOPIC_IN_BROKER, { topic });
    for (let n = 0; n < count; n += 1) expect((await send(topic, String(n))).code).toBe(ResponseCode.SUCCESS);
    expect((await settle(deleting)).code).toBe(ResponseCode.SUCCESS);
    const isThere = (await ask(RequestCode.GET_TOPIC_CONFIG, { topic })).code === ResponseCode.SUCCESS;
    const left = (await offset(RequestCode.GET_MAX_OFFSET, topic)) - (await offset(RequestCode.GET_MIN_OFFSET, topic));
    expect(left > 0, `${count} sends, ${left} left`).toBe(isThere);
    outcomes.add(isThere);
  }
  expect(outcomes.size).toBe(2);
});

test('a group that may not read a topic is refused at its next pull, and served again when it may', async () => {
  const { startBroker, ask, send, pull } = await runningBroker();
  await startBroker();
  await send('T', 'a');
  const subscription = {
    topic: 'T',
    subString: '*',
    tagsSet: [],
    codeSet: [],
    subVersion: 0,
    expressionType: 'TAG',
    classFilterMode: false,
  };
  const consumer = {
    groupName: 'g',
    consumeType: 'CONSUME_PASSIVELY',
    messageModel: 'CLUSTERING',
    consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
    subscriptionDataSet: [subscription],
    unitMode: false,
  } as const;
  const heartbeat = encodeHeartbeat({
    clientId: 'c',
    producerGroups: [],
    consumers: [consumer],
    heartbeatFingerprint: 0,
    withoutSub: false,
  });
  await ask(RequestCode.HEART_BEAT, {}, heartbeat);
  const forbid = (readable: string) => ask(RequestCode.UPDATE_AND_GET_GROUP_FORBIDDEN, { group: 'g', topic: 'T', readable });
  const pullAsMember = () => pull('T', 0, { sysFlag: '0' });
  expect((await pullAsMember()).code).toBe(ResponseCode.SUCCESS);
  await forbid('false');
  expect(await pullAsMember()).toMatchObject({
    code: ResponseCode.NO_PERMISSION,
    remark: 'the consumer group[g] is forbidden for topic[T]',
  });
  await forbid('true');
  expect((await pullAsMember()).code).toBe(ResponseCode.SUCCESS);
});
