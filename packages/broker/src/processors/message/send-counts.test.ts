import { createRequest, endTransactionHeader, RequestCode, SysFlag, SystemTopic } from '@orbitmq/protocol';
import { expect, it } from 'vitest';
import { messageTypeNames } from '../../stats/message-type.js';
import { type MessageTestbed, messageTestbed } from '../../test-support/message-testbed.js';

/** `topic type` → messages. */
function counted({ statistics }: MessageTestbed): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { inflow, topic } of statistics.stats.allTopicPuts) {
    for (const [type, name] of messageTypeNames.entries()) {
      const count = inflow?.messages[type] ?? 0;
      if (count > 0) found[`${topic} ${name}`] = count;
    }
  }
  return found;
}

it.each<[Readonly<Record<string, string>>, string]>([
  [{}, 'TopicT normal'],
  [{ TRAN_MSG: 'false' }, 'TopicT normal'],
  [{ __SHARDINGKEY: 'a' }, 'TopicT fifo'],
  // By what is asked for, though it means nothing.
  [{ DELAY: '0' }, 'TopicT delay'],
  [{ DELAY: '1' }, 'SCHEDULE_TOPIC_XXXX delay'],
  [{ DELAY: '1', __SHARDINGKEY: 'a' }, 'SCHEDULE_TOPIC_XXXX fifo'],
  [{ TIMER_DELAY_SEC: '60' }, 'rmq_sys_wheel_timer delay'],
  [{ TRAN_MSG: 'TRUE', PGROUP: 'p' }, 'RMQ_SYS_TRANS_HALF_TOPIC transaction'],
  [{ TRAN_MSG: 'true', PGROUP: 'p', __SHARDINGKEY: 'a' }, 'RMQ_SYS_TRANS_HALF_TOPIC transaction'],
])('a message with %j counts as %s', async (propertyTable, key) => {
  const bed = await messageTestbed();
  await bed.send({ propertyTable });
  expect(counted(bed)).toEqual({ [key]: 1 });
});

it('a delayed message counts again when it is delivered', async () => {
  const bed = await messageTestbed();
  await bed.send({ propertyTable: { DELAY: '1' } });
  await bed.environment.time.advance(1100);
  expect(counted(bed)).toEqual({ 'SCHEDULE_TOPIC_XXXX delay': 1, 'TopicT delay': 1 });
  const gets = bed.statistics.stats.groupGets(SystemTopic.SCHEDULE, 'SCHEDULE_CONSUMER');
  expect(gets.nums.value).toBe(1);
  expect(gets.sizes.value).toBe(bed.statistics.stats.topicPuts('TopicT').sizes.value);
});

it('a timed message counts again when it is delivered, by topic and not by type', async () => {
  const bed = await messageTestbed();
  await bed.send({ propertyTable: { TIMER_DELAY_SEC: '2' } });
  await bed.environment.time.advance(4000);
  expect(counted(bed)).toEqual({ 'rmq_sys_wheel_timer delay': 1 });
  expect(bed.statistics.stats.topicPuts('TopicT').nums.value).toBe(1);
});

it('a consumer that may not retry any more counts as a dead letter of the topic that it failed on', async () => {
  const bed = await messageTestbed();
  const retried = { topic: '%RETRY%CG_A', propertyTable: { RETRY_TOPIC: 'Origin' } };
  await bed.send({ ...retried, reconsumeTimes: 16 });
  expect(bed.statistics.stats.allDeadLetters).toEqual([]);
  await bed.send({ ...retried, reconsumeTimes: 17 });
  expect(bed.statistics.stats.allDeadLetters).toEqual([{ topic: 'Origin', group: 'CG_A', count: 1 }]);
});

async function end(bed: MessageTestbed, index: number, commitOrRollback: number): Promise<void> {
  const half = bed.store.messages(SystemTopic.TRANS_HALF)[index];
  if (half === undefined) throw new Error('no half message');
  const extFields = endTransactionHeader.encode({
    producerGroup: 'p',
    tranStateTableOffset: half.queueOffset,
    commitLogOffset: half.physicalOffset,
    commitOrRollback,
    fromTransactionCheck: false,
    msgId: '',
    transactionId: undefined,
    topic: undefined,
    brokerName: undefined,
  });
  await bed.environment.time.settle(bed.process(createRequest(RequestCode.END_TRANSACTION, { extFields })));
}

it('transactions are counted when they are opened and decided, and what is open again after a restart', async () => {
  const bed = await messageTestbed();
  for (let index = 0; index < 4; index += 1) {
    await bed.send({ propertyTable: { TRAN_MSG: 'true', PGROUP: 'p', UNIQ_KEY: `U${index}` } });
  }
  const open = (of: MessageTestbed) => of.statistics.transactions.byTopic.get('TopicT');
  expect(open(bed)).toMatchObject({ open: 4, committed: 0, rolledBack: 0 });
  await end(bed, 0, SysFlag.TRANSACTION_COMMIT);
  await end(bed, 1, SysFlag.TRANSACTION_ROLLBACK);
  // Decided already.
  await end(bed, 1, SysFlag.TRANSACTION_ROLLBACK);
  expect(open(bed)).toMatchObject({ open: 2, committed: 1, rolledBack: 1 });
  await bed.stop();
  const { environment, fileSystem } = bed;
  const next = await messageTestbed({ previous: { environment, fileSystem, store: bed.store.survivor() } });
  expect(open(next)).toMatchObject({ open: 2, committed: 0, rolledBack: 0 });
});
