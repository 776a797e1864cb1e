/** The judge of generated requests finds what it is there for, and nothing in a world in order. */
import { encodeProperties, type MessageExt, RequestCode, SystemTopic } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { type History, newHistory } from './history.js';
import { fingerprint, judge } from './judge.js';
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

/** Two plain messages, one that was delayed, one that was committed. */
function worldInOrder(): World {
  const history = newHistory();
  history.endMs = storedAt + 60_000;
  const delayed = { DELAY: '1', REAL_TOPIC: 'alpha' };
  const records = [
    record('alpha', 0, 0, 'one'),
    record('alpha', 1, 100, 'two'),
    record(SystemTopic.SCHEDULE, 0, 200, 'late', { propertiesBytes: Buffer.from(encodeProperties(delayed)) }),
    record(SystemTopic.TRANS_HALF, 0, 300, 'paid'),
    record('alpha', 2, 400, 'paid'),
    record('alpha', 3, 500, 'late', {
      propertiesBytes: Buffer.from(encodeProperties(delayed)),
      storeTimestamp: storedAt + 1000,
    }),
  ];
  const acked = (message: SentMessage, queueOffset: number, physicalOffset: number): SentMessage =>
    Object.assign(message, { outcome: 'acked', queueId: 0, queueOffset, physicalOffset });
  history.sent.push(
    acked(sent('alpha', 'one'), 0, 0),
    acked(sent('alpha', 'two'), 1, 100),
    acked(sent('alpha', 'late', { DELAY: '1' }), 0, 200),
    acked(sent('alpha', 'paid', { TRAN_MSG: 'true' }), 0, 300),
  );
  history.decisions.push({ physicalOffset: 300, isCommit: true, wasAnswered: true, isTaken: true });
  const queueOf = (topic: string): StoredQueue => ({
    topic,
    queueId: 0,
    firstOffset: 0,
    physicalOffsets: records.filter((one) => one.topic === topic).map(({ physicalOffset }) => physicalOffset),
  });
  return { history, records, queues: ['alpha', SystemTopic.SCHEDULE, SystemTopic.TRANS_HALF].map(queueOf) };
}

function verdict({ history, queues, records }: World): string[] {
  return judge(history, { records, queues });
}

function change(world: World, index: number, changes: Partial<MessageExt>): void {
  const before = world.records[index];
  if (before !== undefined) world.records[index] = { ...before, ...changes };
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
    ({ queues }) => void queues.splice(0, 1, { ...(queues[0] as StoredQueue), physicalOffsets: [0, 0, 400, 500] }),
  ],
  ['an offset is used twice', /^I4 alpha@0 has 0 where 1/, (world) => change(world, 1, { queueOffset: 0 })],
  ['nobody sent it', /^I2 beta@0 at 0 has what nobody sent/, ({ records }) => void records.push(record('beta', 0, 600, 'three'))],
  ['it is there twice', /^I9 alpha@0 at 4 has again: one/, ({ records }) => void records.push(record('alpha', 4, 600, 'one'))],
  [
    'it was refused',
    /^I3 alpha .* was refused/,
    ({ history, records }) => {
      history.sent.push(Object.assign(sent('alpha', 'no'), { outcome: 'refused' as const }));
      records.push(record('alpha', 4, 600, 'no'));
    },
  ],
  [
    'it was read as something else',
    /^I4 alpha@0 at 0 was read/,
    ({ history }) => void history.seen.set('alpha@0@0', fingerprint(record('alpha', 0, 0, 'eno'))),
  ],
  ['it came early', /^I10 alpha@0 at 3 came early/, (world) => change(world, 5, { storeTimestamp: storedAt + 999 })],
  ['it never came', /^I10 never came/, ({ records }) => void records.pop()],
  ['nobody committed it', /^I11 delivered, though nobody/, ({ history }) => void history.decisions.pop()],
  [
    'it was rolled back',
    /^I11 delivered after a rollback/,
    ({ history }) => {
      history.decisions.unshift({ physicalOffset: 300, isCommit: false, wasAnswered: true, isTaken: true });
    },
  ],
  ['it was committed twice', /^I11 delivered 2 times/, ({ records }) => void records.push(record('alpha', 4, 600, 'paid'))],
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
