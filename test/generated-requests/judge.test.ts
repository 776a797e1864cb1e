/** The judge of generated requests finds what it is there for, and nothing in a world in order. */
import { encodeProperties, type MessageExt, RequestCode, SystemTopic } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { type History, newHistory } from './history.js';
import { fingerprint, judge } from './judge.js';
import { LockWatch } from './lock-watch.js';
import { OffsetWatch } from './offset-watch.js';
import { type SentMessage, sentMessages } from './sent-message.js';
import type { StoredQueue } from './stored-files.js';

const storedAt = 1_000_000;

function record(
  topic: string,
  queueOffset: number,
  physicalOffset: number,
  body: string,
  changes: Partial<MessageExt> = {},
): MessageExt {
  return {
    storeSizeBytes: 100,
    bodyCrc: 0,
    topic,
    queueId: 0,
    flag: 0,
    queueOffset,
    physicalOffset,
    sysFlag: 0,
    bornTimestamp: storedAt,
    bornHost: '10.0.2.1:1',
    storeTimestamp: storedAt,
    storeHost: '10.0.1.1:10911',
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.from(body),
    propertiesBytes: Buffer.from(encodeProperties({ KEYS: 'red' })),
    ...changes,
  };
}

function sent(topic: string, body: string, properties: Readonly<Record<string, string>> = { KEYS: 'red' }): SentMessage {
  const fields = { b: topic, i: encodeProperties(properties) };
  const [message] = sentMessages(0, RequestCode.SEND_MESSAGE_V2, fields, Buffer.from(body));
  if (message === undefined) throw new Error('a send sends a message');
  return message;
}

interface World {
  readonly history: History;
  readonly records: MessageExt[];
  readonly queues: StoredQueue[];
}

const born = String(storedAt);
const delayed = { DELAY: '1', REAL_TOPIC: 'alpha', REAL_QID: '0' };
const asked = { TIMER_DELIVER_MS: String(storedAt + 5000) };
const timed = { ...asked, TIMER_OUT_MS: String(storedAt + 4000), REAL_TOPIC: 'alpha', REAL_QID: '0' };
const timedOut = { ...timed, TIMER_ENQUEUE_MS: born, TIMER_DEQUEUE_MS: born };
const back = { ...delayed, REAL_TOPIC: '%RETRY%readers', RETRY_TOPIC: 'alpha', ORIGIN_MESSAGE_ID: 'one' };

function encoded(properties: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(encodeProperties(properties));
}

/** Two plain messages, one that was delayed, one that was committed, one that was timed, and one that was sent back. */
function worldInOrder(): World {
  const history = newHistory();
  history.endMs = storedAt + 60_000;
  const records = [
    record('alpha', 0, 0, 'one'),
    record('alpha', 1, 100, 'two'),
    record(SystemTopic.SCHEDULE, 0, 200, 'late', { propertiesBytes: encoded(delayed) }),
    record(SystemTopic.TRANS_HALF, 0, 300, 'paid', { propertiesBytes: encoded({ TRAN_MSG: 'true', REAL_TOPIC: 'alpha' }) }),
    record('alpha', 2, 400, 'paid'),
    record('alpha', 3, 500, 'late', {
      propertiesBytes: encoded(delayed),
      storeTimestamp: storedAt + 1000,
    }),
    record(SystemTopic.TIMER, 0, 600, 'timed', { propertiesBytes: encoded(timed) }),
    record(SystemTopic.SCHEDULE, 1, 700, 'one', { propertiesBytes: encoded(back), reconsumeTimes: 1 }),
    record('%RETRY%readers', 0, 800, 'one', {
      propertiesBytes: encoded(back),
      reconsumeTimes: 1,
      storeTimestamp: storedAt + 1000,
    }),
    record('alpha', 4, 900, 'timed', { propertiesBytes: encoded(timedOut), storeTimestamp: storedAt + 5000 }),
  ];
  const acked = (message: SentMessage, queueOffset: number, physicalOffset: number): SentMessage =>
    Object.assign(message, { outcome: 'acked', queueId: 0, queueOffset, physicalOffset });
  history.sent.push(
    acked(sent('alpha', 'one'), 0, 0),
    acked(sent('alpha', 'two'), 1, 100),
    acked(sent('alpha', 'late', { DELAY: '1' }), 0, 200),
    acked(sent('alpha', 'paid', { TRAN_MSG: 'true' }), 0, 300),
    acked(sent('alpha', 'timed', asked), 0, 600),
  );
  history.decisions.push({ physicalOffset: 300, isCommit: true, wasAnswered: true, isTaken: true });
  history.sentBack.push({ group: 'readers', physicalOffset: 0, outcome: 'acked' });
  const queueOf = (topic: string): StoredQueue => ({
    topic,
    queueId: 0,
    firstOffset: 0,
    physicalOffsets: records.filter((one) => one.topic === topic).map(({ physicalOffset }) => physicalOffset),
  });
  const topics = ['alpha', SystemTopic.SCHEDULE, SystemTopic.TRANS_HALF, SystemTopic.TIMER, '%RETRY%readers'];
  return { history, records, queues: topics.map(queueOf) };
}

function verdict({ history, queues, records }: World): string[] {
  return judge(history, { records, queues });
}

function change(world: World, index: number, changes: Partial<MessageExt>): void {
  const before = world.records[index];
  if (before !== undefined) world.records[index] = { ...before, ...changes };
}

/** What lies at `index` once more, at the end of its queue. */
function again(world: World, index: number, queueOffset: number, changes: Partial<MessageExt> = {}): void {
  const before = world.records[index];
  if (before !== undefined) world.records.push({ ...before, queueOffset, physicalOffset: 1000, ...changes });
}

function lastSent({ history }: World): SentMessage {
  const message = history.sent.at(-1);
  if (message === undefined) throw new Error('something was sent');
  return message;
}

test('a world in order has nothing wrong', () => {
  expect(verdict(worldInOrder())).toEqual([]);
});

const anomalies: readonly (readonly [string, RegExp, (world: World) => void])[] = [
  ['an acknowledged message is lost', /^I1 .* where it is not/, ({ records }) => void records.splice(1, 1)],
  ['its body changed', /^I1 .* where it is not/, (world) => change(world, 0, { body: Buffer.from('0ne') })],
  ['its keys changed', /^I2 .* property KEYS/, (world) => change(world, 0, { propertiesBytes: Buffer.alloc(0) })],
  ['it lies elsewhere', /^I1 .* was acknowledged in 0 at 0, it is in beta@0/, (world) => change(world, 0, { topic: 'beta' })],
  ['no queue shows it', /^I1 .* is in no queue/, ({ queues }) => void queues.shift()],
  [
    'a queue shows another',
    /^I15 alpha@0 has at 1/,
    ({ queues }) => void queues.splice(0, 1, { ...(queues[0] as StoredQueue), physicalOffsets: [0, 0, 400, 500, 900] }),
  ],
  ['an offset is used twice', /^I4 alpha@0 has 0 where 1/, (world) => change(world, 1, { queueOffset: 0 })],
  [
    'nobody sent it',
    /^I2 beta@0 at 0 has what nobody sent/,
    ({ records }) => void records.push(record('beta', 0, 1000, 'three')),
  ],
  ['it is there twice', /^I9 alpha@0 at 5 has again: one/, ({ records }) => void records.push(record('alpha', 5, 1000, 'one'))],
  [
    'it was refused',
    /^I3 alpha .* was refused/,
    ({ history, records }) => {
      history.sent.push(Object.assign(sent('alpha', 'no'), { outcome: 'refused' as const }));
      records.push(record('alpha', 5, 1000, 'no'));
    },
  ],
  [
    'it was read as something else',
    /^I4 alpha@0 at 0 was read/,
    ({ history }) => void history.seen.set('alpha@0@0', fingerprint(record('alpha', 0, 0, 'eno'))),
  ],
  ['it came early', /^I10 alpha@0 at 3 came early/, (world) => change(world, 5, { storeTimestamp: storedAt + 999 })],
  ['it never came', /^I10 never came.*late/, ({ records }) => void records.splice(5, 1)],
  ['it came again', /^I9 alpha@0 at 5 came again: late/, (world) => again(world, 5, 5, { storeTimestamp: storedAt + 1500 })],
  [
    'it came again long before a kill',
    /^I9 alpha@0 at 5 came again: late/,
    (world) => {
      world.history.kills.push(storedAt + 14_000);
      again(world, 5, 5, { storeTimestamp: storedAt + 15_000 });
    },
  ],
  [
    'it came to another topic',
    /^I10 beta@0 at 3 came, and should come to alpha@0: late/,
    (world) => change(world, 5, { topic: 'beta' }),
  ],
  [
    'it came to another queue',
    /^I10 alpha@1 at 3 came, and should come to alpha@0: late/,
    (world) => change(world, 5, { queueId: 1 }),
  ],
  ['it waits twice', /^I9 SCHEDULE_TOPIC_XXXX@0 at 2 has again: late/, (world) => again(world, 2, 2)],
  [
    'it came and never waited',
    /^I10 alpha@0 at 5 came, and never waited/,
    (world) => again(world, 5, 5, { body: Buffer.from('one'), storeTimestamp: storedAt + 1500 }),
  ],
  [
    'it waits for another topic',
    /^I2 alpha of step 0 waits for beta/,
    (world) => change(world, 2, { propertiesBytes: encoded({ ...delayed, REAL_TOPIC: 'beta' }) }),
  ],
  [
    'it waits with other keys',
    /^I2 alpha of step 0: property KEYS/,
    (world) => change(world, 2, { propertiesBytes: encoded({ ...delayed, KEYS: 'red' }) }),
  ],
  [
    'it waits and should not',
    /^I2 alpha of step 0 waits in SCHEDULE/,
    (world) => change(world, 0, { topic: SystemTopic.SCHEDULE, propertiesBytes: encoded({ ...delayed, KEYS: 'red' }) }),
  ],
  [
    'a timed one came early',
    /^I10 alpha@0 at 4 came early: timed/,
    (world) => change(world, 9, { storeTimestamp: storedAt + 4999 }),
  ],
  [
    'a timed one waits for less than was asked',
    /^I10 alpha@0 at 4 came early: timed/,
    (world) => {
      const short = { TIMER_OUT_MS: String(storedAt + 3000) };
      change(world, 6, { propertiesBytes: encoded({ ...timed, ...short }) });
      change(world, 9, { propertiesBytes: encoded({ ...timedOut, ...short }), storeTimestamp: storedAt + 4000 });
    },
  ],
  [
    'a timed one came again',
    /^I9 alpha@0 at 5 came again: timed/,
    (world) => again(world, 9, 5, { storeTimestamp: storedAt + 5001 }),
  ],
  [
    'a timed one came to another topic',
    /^I10 beta@0 at 4 came, and should come to alpha@0: timed/,
    (world) => change(world, 9, { topic: 'beta' }),
  ],
  ['a timed one never came', /^I10 never came.*timed/, ({ records }) => void records.splice(9, 1)],
  ['a timed one waits twice', /^I9 rmq_sys_wheel_timer@0 at 1 has again: timed/, (world) => again(world, 6, 1)],
  [
    'the time of a timed one changed',
    /^I2 alpha of step 0: TIMER_DELIVER_MS was/,
    (world) => change(world, 6, { propertiesBytes: encoded({ ...timed, TIMER_DELIVER_MS: '1' }) }),
  ],
  ['a timed one was refused', /^I3 alpha .* was refused/, (world) => Object.assign(lastSent(world), { outcome: 'refused' })],
  [
    'what was sent back is lost',
    /^I12 taken back 1 times by readers: one, and stored 0/,
    ({ records }) => void records.splice(7, 1),
  ],
  [
    'what was sent back is a dead letter as well',
    /^I12 stored 2 times for readers: one, which was sent back 1 times/,
    (world) => again(world, 7, 0, { topic: '%DLQ%readers' }),
  ],
  [
    'what lies nowhere was taken back',
    /^I12 what lies nowhere was taken back: 50/,
    ({ history }) => void history.sentBack.push({ group: 'readers', physicalOffset: 50, outcome: 'acked' }),
  ],
  [
    'a retry came again',
    /^I9 %RETRY%readers@0 at 1 came again: one/,
    (world) => again(world, 8, 1, { storeTimestamp: storedAt + 1001 }),
  ],
  [
    'it was acknowledged without a place',
    /^I1 alpha of step 0 was acknowledged without/,
    (world) => Object.assign(lastSent(world), { physicalOffset: undefined }),
  ],
  [
    'its unique key changed',
    /^I2 alpha of step 0: its unique key was mine/,
    ({ history }) => {
      Object.assign(history.sent[0] as SentMessage, { properties: { KEYS: 'red', UNIQ_KEY: 'mine' } });
    },
  ],
  [
    'the end of a queue is missing',
    /^I15 alpha@0 ends at 4, the log has 4/,
    ({ queues }) => void queues.splice(0, 1, { ...(queues[0] as StoredQueue), physicalOffsets: [0, 100, 400, 500] }),
  ],
  ['it was read and is gone', /^I5 alpha@0@9 was read and is not there/, ({ history }) => void history.seen.set('alpha@0@9', '')],
  [
    'a later one lies before',
    /^I6 alpha@0: what step 0 sent lies at 0, before/,
    ({ history: { sent: messages } }) => {
      const [first, second] = messages;
      Object.assign(first as SentMessage, { saidAt: 3, ackedAt: 4 });
      Object.assign(second as SentMessage, { saidAt: 1, ackedAt: 2 });
    },
  ],
  ['nobody committed it', /^I11 delivered, though nobody/, ({ history }) => void history.decisions.pop()],
  [
    'it was rolled back',
    /^I11 delivered after a rollback/,
    ({ history }) => {
      history.decisions.unshift({ physicalOffset: 300, isCommit: false, wasAnswered: true, isTaken: true });
    },
  ],
  ['it was committed twice', /^I11 delivered 2 times/, ({ records }) => void records.push(record('alpha', 5, 1000, 'paid'))],
  [
    'it was committed for nothing',
    /^I11 committed, and not delivered/,
    (world) => change(world, 4, { topic: SystemTopic.TRANS_OP_HALF }),
  ],
];

test.each(anomalies)('%s', (_, sentence, spoil) => {
  const world = worldInOrder();
  spoil(world);
  expect(verdict(world).some((one) => sentence.test(one))).toBe(true);
});

test('what was committed for a retry topic is there', () => {
  const world = worldInOrder();
  change(world, 4, { topic: '%RETRY%readers', queueOffset: 1 });
  expect(verdict(world).filter((one) => one.startsWith('I11'))).toEqual([]);
});

test('what a kill may repeat is not wrong', () => {
  const world = worldInOrder();
  world.history.kills.push(storedAt + 6000);
  again(world, 5, 5, { storeTimestamp: storedAt + 6005 });
  again(world, 9, 6, { physicalOffset: 1100, storeTimestamp: storedAt + 6006 });
  expect(verdict(world).filter((one) => !one.startsWith('I15'))).toEqual([]);
});

test('a queue is locked for one client at a time', () => {
  const queues = [{ topic: 'alpha', brokerName: 'broker-a', queueId: 0 }];
  const lock = (clientId: string) => ({ clientId, consumerGroup: 'readers', queues });
  const watch = new LockWatch();
  expect(watch.granted(lock('one'), queues, 0, 10)).toEqual([]);
  expect(watch.granted(lock('one'), queues, 20, 30)).toEqual([]);
  expect(watch.granted(lock('two'), queues, 40, 50)).toEqual(['I7 alpha@0 of readers is locked by one and by two']);
  const later = new LockWatch();
  later.granted(lock('one'), queues, 0, 10);
  expect(later.granted(lock('two'), queues, 59_000, 60_000)).toEqual([]);
  later.unlock(lock('two')).heardMs = 60_001;
  expect(later.granted(lock('one'), queues, 60_002, 60_003)).toEqual([]);
});

test('a committed offset moves only for a reason', () => {
  const at = (offset: number) => new Map([['alpha@readers', new Map([[0, offset]])]]);
  const commit = (commitOffset: string) => ({
    code: RequestCode.UPDATE_CONSUMER_OFFSET,
    fields: { topic: 'alpha', consumerGroup: 'readers', queueId: '0', commitOffset },
  });
  const watch = new OffsetWatch();
  expect(watch.look(at(3), { requests: [commit('3')], restart: undefined })).toEqual([]);
  expect(watch.look(at(3), { requests: [], restart: undefined })).toEqual([]);
  expect(watch.look(at(4), { requests: [commit('5')], restart: undefined })).toHaveLength(1);
  expect(watch.look(at(3), { requests: [], restart: 'kill' })).toEqual([]);
  expect(watch.look(at(7), { requests: [], restart: 'kill' })).toHaveLength(1);
});
