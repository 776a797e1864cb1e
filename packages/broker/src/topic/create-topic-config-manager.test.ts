import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { type BrokerConfig, defaultBrokerConfig } from '../config/broker-config.js';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { plainTopic } from './boot-topics.js';
import { createTopicConfigManager } from './create-topic-config-manager.js';

const directory = '/store/config';

function open(fileSystem = new MemoryFileSystem(), overrides: Partial<BrokerConfig> = {}, autoCreatedTopicCountMax?: number) {
  return createTopicConfigManager({
    environment: virtualEnvironment(1),
    fileSystem,
    directory,
    config: { ...defaultBrokerConfig, brokerName: 'broker-a', ...overrides },
    autoCreatedTopicCountMax,
  });
}

async function readTopics(fileSystem: MemoryFileSystem) {
  return JSON.parse((await fileSystem.readFile(`${directory}/topics.json`))?.toString() ?? 'null');
}

test('the topic for traces has the name that is configured, and is there only when it is asked for', async () => {
  const named = { msgTraceTopicName: 'Traces' };
  const topics = await open(undefined, { ...named, traceTopicEnable: true });
  expect(topics.get('Traces')).toMatchObject({ readQueueNums: 1, writeQueueNums: 1, perm: 6 });
  expect(topics.get('RMQ_SYS_TRACE_TOPIC')).toBeUndefined();
  expect((await open(undefined, named)).get('Traces')).toBeUndefined();
});

test('a first start has the topics of a 5.x broker without pop', async () => {
  const topics = await open(undefined, { traceTopicEnable: true });
  const table = [...topics.all().values()].map((topic) => [topic.topicName, topic.writeQueueNums, topic.perm]);
  expect(Object.fromEntries(table.map(([name, ...rest]) => [name, rest]))).toEqual({
    TBW102: [8, 7],
    rmq_sys_wheel_timer: [1, 6],
    SELF_TEST_TOPIC: [1, 6],
    BenchmarkTest: [1024, 6],
    DefaultCluster: [16, 7],
    'broker-a': [1, 7],
    OFFSET_MOVED_EVENT: [1, 6],
    SCHEDULE_TOPIC_XXXX: [18, 6],
    RMQ_SYS_TRACE_TOPIC: [1, 6],
    DefaultCluster_REPLY_TOPIC: [1, 6],
    RMQ_SYS_TRANS_HALF_TOPIC: [1, 6],
    RMQ_SYS_TRANS_OP_HALF_TOPIC: [1, 6],
  });
});

test('an auto-created topic takes the smaller queue count and loses INHERIT', async () => {
  const topics = await open();
  expect(topics.createForSend('T', 'TBW102', 4)).toMatchObject({ readQueueNums: 4, writeQueueNums: 4, perm: 6 });
  expect(topics.createForSend('U', 'TBW102', 100)).toMatchObject({ writeQueueNums: 8 });
  expect(topics.createForSend('T', 'TBW102', 8)).toMatchObject({ writeQueueNums: 4 });
});

test.each([
  ['an unknown template', 'T', 'Other', 4],
  ['a template without INHERIT', 'T', 'BenchmarkTest', 4],
  ['a bad name', 'T#', 'TBW102', 4],
  ['no queues', 'T', 'TBW102', 0],
])('%s creates nothing', async (_name, topic, template, queueNums) => {
  const topics = await open();
  expect(topics.createForSend(topic, template, queueNums)).toBeUndefined();
  expect(topics.get(topic)).toBeUndefined();
});

test('with auto-creation switched off later the template is gone, retry topics are still made', async () => {
  const fileSystem = new MemoryFileSystem();
  await (await open(fileSystem)).persist();
  const topics = await open(fileSystem, { autoCreateTopicEnable: false });
  expect(topics.get('TBW102')).toBeUndefined();
  expect(topics.createForSend('T', 'TBW102', 4)).toBeUndefined();
  expect(topics.createForSend('%RETRY%g', 'TBW102', 4)).toMatchObject({ writeQueueNums: 1, perm: 6 });
});

test('sends cannot make more topics than the limit', async () => {
  const topics = await open(undefined, {}, 12);
  const room = 12 - topics.all().size;
  for (let n = 0; n < room; n++) expect(topics.createForSend(`T${n}`, 'TBW102', 1)).toBeDefined();
  expect(topics.createForSend('OneMore', 'TBW102', 1)).toBeUndefined();
  expect(topics.createForSend('%RETRY%nobody', 'TBW102', 1)).toBeUndefined();
  expect(topics.ensure('%RETRY%g', 1, 6)).toBeDefined();
});

test('every change has a new version and is announced before it is on disk', async () => {
  const fileSystem = new MemoryFileSystem();
  const topics = await open(fileSystem);
  await topics.persist();
  const changed: string[] = [];
  topics.onChange((topic) => changed.push(topic.topicName));
  const before = topics.dataVersion;
  topics.update(plainTopic('T', 4, 6));
  topics.ensure('T', 9, 2);
  topics.ensure('U', 1, 6);
  expect(changed).toEqual(['T', 'U']);
  expect(topics.dataVersion.counter).toBe(before.counter + 2);
  expect((await readTopics(fileSystem)).topicConfigTable.T).toBeUndefined();
  await topics.persist();
  expect((await readTopics(fileSystem)).topicConfigTable.T).toMatchObject({ topicName: 'T', writeQueueNums: 4, order: false });
});

test('what was persisted comes back, version and strange names included', async () => {
  const fileSystem = new MemoryFileSystem();
  const topics = await open(fileSystem);
  topics.update({ ...plainTopic('__proto__', 3, 6), order: true, attributes: { 'message.type': 'FIFO' } });
  await topics.persist();
  const again = await open(fileSystem);
  expect(again.get('__proto__')).toEqual(topics.get('__proto__'));
  expect(again.dataVersion).toEqual(topics.dataVersion);
  expect([...again.all().keys()].sort()).toEqual([...topics.all().keys()].sort());
});

test("Apache's file is read, and members unknown here are kept", async () => {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory(directory);
  const apache = `{
\t"dataVersion":{\n\t\t"counter":7,\n\t\t"timestamp":1795216927108\n\t},
\t"topicConfigTable":{
\t\t"TopicT":{"order":true,"perm":6,"readQueueNums":4,"topicFilterType":"SINGLE_TAG","topicName":"TopicT","topicSysFlag":1,"writeQueueNums":2,"later":{0:1}}
\t}
}`;
  await fileSystem.writeFileAtomically(`${directory}/topics.json`, Buffer.from(apache));
  const topics = await open(fileSystem);
  expect(topics.get('TopicT')).toEqual({ ...plainTopic('TopicT', 4, 6), writeQueueNums: 2, topicSysFlag: 1, order: true });
  expect(topics.dataVersion.counter).toBeGreaterThan(7);
  await topics.persist();
  expect((await readTopics(fileSystem)).topicConfigTable.TopicT.later).toEqual({ 0: 1 });
});

test('a topic counts as on disk while its queues are, whatever happens to the file', async () => {
  class RefusingFileSystem extends MemoryFileSystem {
    isRefusing = false;
    override writeFileAtomically(file: string, content: Uint8Array): Promise<void> {
      if (this.isRefusing) return Promise.reject(new Error('read-only'));
      return super.writeFileAtomically(file, content);
    }
  }
  const fileSystem = new RefusingFileSystem();
  const topics = await open(fileSystem);
  topics.update(plainTopic('Old', 4, 6));
  await topics.persist();
  fileSystem.isRefusing = true;
  topics.update(plainTopic('Old', 4, 4));
  topics.update(plainTopic('New', 1, 6));
  await expect(topics.persist()).rejects.toThrow('read-only');
  const states = (): boolean[] => ['Old', 'New', 'Nowhere'].map((topic) => topics.isTopicPersisted(topic));
  expect([topics.isPersisted, ...states()]).toEqual([false, true, false, true]);
  topics.update(plainTopic('Old', 5, 6));
  topics.update(plainTopic('New', 1, 4));
  expect(states()).toEqual([false, false, true]);
  fileSystem.isRefusing = false;
  await topics.persist();
  expect([topics.isPersisted, ...states()]).toEqual([true, true, true, true]);
});

test('a deleted topic is gone with all members of its, and listeners hear of it', async () => {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory(directory);
  const apache = '{"topicConfigTable":{"T":{"topicName":"T","readQueueNums":4,"writeQueueNums":4,"perm":6,"later":1}}}';
  await fileSystem.writeFileAtomically(`${directory}/topics.json`, Buffer.from(apache));
  const topics = await open(fileSystem);
  const changed: string[] = [];
  topics.onChange((topic) => changed.push(topic.topicName));
  const before = topics.dataVersion;
  expect(topics.delete('T')?.readQueueNums).toBe(4);
  expect(topics.delete('T')).toBeUndefined();
  expect([changed, topics.get('T'), topics.isTopicPersisted('T')]).toEqual([['T'], undefined, true]);
  expect(topics.dataVersion.counter).toBe(before.counter + 1);
  await topics.persist();
  expect((await readTopics(fileSystem)).topicConfigTable.T).toBeUndefined();
  topics.update(plainTopic('T', 2, 6));
  await topics.persist();
  expect((await readTopics(fileSystem)).topicConfigTable.T).toEqual(plainTopic('T', 2, 6));
});

test('auto-creation that is switched off in a running broker creates nothing more', async () => {
  const config = { ...defaultBrokerConfig, autoCreateTopicEnable: true };
  const shared = { environment: virtualEnvironment(1), fileSystem: new MemoryFileSystem(), directory };
  const topics = await createTopicConfigManager({ ...shared, config });
  config.autoCreateTopicEnable = false;
  expect(topics.createForSend('T', 'TBW102', 4)).toBeUndefined();
  config.autoCreateTopicEnable = true;
  expect(topics.createForSend('T', 'TBW102', 4)).toBeDefined();
});
