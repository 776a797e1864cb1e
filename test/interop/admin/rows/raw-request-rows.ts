/** Requests whose answers no tool prints whole, asked of both brokers as they are on the wire. */
import { type ExtFields, parseFastjson, type RemotingCommand, RequestCode } from '@orbitmq/protocol';
import type { AdminContext, AdminRow } from '../admin-row.js';
import { type AskBroker, answerText, askingBroker, commitOffsets } from '../ask-broker.js';
import { broker, threeMessages } from './consumption-set-up.js';

/** A topic of three messages, and a group that has consumed two of them. */
async function consumedTopic(context: AdminContext, name: string): Promise<void> {
  await threeMessages(context, name);
  await context.tool.output('updateSubGroup', ...broker(context), '-g', name);
  await commitOffsets(context.server.brokerAddr, name, name, [2]);
}

const asking = (context: AdminContext, run: (ask: AskBroker) => Promise<readonly string[]>): Promise<string> =>
  askingBroker(context.server.brokerAddr, async (ask) => (await run(ask)).join('\n'));

async function committed(ask: AskBroker, fields: ExtFields): Promise<string> {
  const { code, extFields } = await ask(RequestCode.QUERY_CONSUMER_OFFSET, fields);
  return `${JSON.stringify(fields)} ${code} ${extFields?.['offset'] ?? ''}`;
}

/** How many stored messages an answer has. */
function messageCount({ code, body = Buffer.alloc(0) }: RemotingCommand): string {
  let count = 0;
  for (let at = 0; at + 4 <= body.length; at += body.readInt32BE(at)) count += 1;
  return `${code} ${count}`;
}

/** Offsets in 43's answer whose key names what the row made. */
async function offsetsNamed(ask: AskBroker, name: string): Promise<string> {
  const { body = Buffer.alloc(0) } = await ask(RequestCode.GET_ALL_CONSUMER_OFFSET);
  const { offsetTable } = parseFastjson(body.toString()) as { offsetTable: Readonly<Record<string, unknown>> };
  const own = Object.entries(offsetTable).filter(([key]) => key.includes(name));
  return JSON.stringify(Object.fromEntries(own));
}

const subscription = (topic: string): string =>
  `{"classFilterMode":false,"codeSet":[],"expressionType":"TAG","subString":"*","subVersion":1,"tagsSet":[],"topic":"${topic}"}`;

function heartbeat(group: string, fields: { readonly fingerprint: number; readonly withoutSub: boolean }): string {
  const subscriptions = fields.withoutSub ? '' : subscription('row-heartbeat');
  const consumer = `{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY","groupName":"${group}","messageModel":"CLUSTERING","subscriptionDataSet":[${subscriptions}],"unitMode":false}`;
  return `{"clientID":"192.0.2.2@${group}","consumerDataSet":[${consumer}],"heartbeatFingerprint":${fields.fingerprint},"producerDataSet":[],"withoutSub":${fields.withoutSub}}`;
}

export const rawRequestRows: readonly AdminRow[] = [
  {
    name: 'raw: 14 of a new group where message 0 is in memory, and of one that has consumed',
    prepare: (context) => consumedTopic(context, 'row-first'),
    observe: (context) =>
      asking(context, async (ask) => {
        const young = { topic: 'row-first', queueId: '0' };
        return [
          await committed(ask, { ...young, consumerGroup: 'row-new' }),
          await committed(ask, { ...young, consumerGroup: 'row-first' }),
        ];
      }),
  },
  {
    name: 'raw: 14 of a new group where there is nothing',
    prepare: (context) => context.tool.output('updateTopic', '-t', 'row-empty', ...broker(context), '-r', '1', '-w', '1'),
    observe: (context) =>
      asking(context, async (ask) => {
        const fields = { consumerGroup: 'row-new' };
        return [
          await committed(ask, { ...fields, topic: 'row-unknown', queueId: '0' }),
          await committed(ask, { ...fields, topic: 'row-empty', queueId: '0' }),
          await committed(ask, { ...fields, topic: 'row-first', queueId: '7' }),
        ];
      }),
    difference: {
      why: 'as 5.x: 4.9 answers 0 there, which is where such a group begins anyway',
      versions: ['4.9.7'],
      ours: /^(?:\{.*\} 22 ?\n?){3}$/,
    },
  },
  {
    name: 'raw: 14 that may not make up a beginning',
    versions: ['5.5.0'],
    observe: (context) =>
      asking(context, async (ask) => {
        const fields = { consumerGroup: 'row-new', topic: 'row-first', queueId: '0' };
        return [
          await committed(ask, { ...fields, setZeroIfNotFound: 'false' }),
          await committed(ask, { ...fields, setZeroIfNotFound: 'true' }),
        ];
      }),
  },
  {
    name: 'raw: 15 backwards, and of groups and topics that are not there',
    versions: ['5.5.0'],
    observe: (context) =>
      asking(context, async (ask) => {
        const own = { consumerGroup: 'row-first', topic: 'row-first', queueId: '0', commitOffset: '1' };
        const codes: string[] = [];
        for (const fields of [own, { ...own, consumerGroup: 'row-nobody-at-all' }, { ...own, topic: 'row-unknown' }]) {
          codes.push(String((await ask(RequestCode.UPDATE_CONSUMER_OFFSET, fields)).code));
        }
        return [...codes, await committed(ask, own)];
      }),
  },
  {
    name: 'raw: 34 with fingerprints asks for subscriptions as 5.5 does',
    versions: ['5.5.0'],
    prepare: (context) => context.tool.output('updateTopic', '-t', 'row-heartbeat', ...broker(context), '-r', '1', '-w', '1'),
    observe: (context) =>
      asking(context, async (ask) => {
        const answers: string[] = [];
        const group = 'row-heartbeat';
        for (const [fingerprint, withoutSub] of [
          [0, false],
          [7, false],
          [7, true],
          [7, true],
          [-8, false],
          [-8, true],
        ] as const) {
          answers.push(answerText(await ask(RequestCode.HEART_BEAT, {}, heartbeat(group, { fingerprint, withoutSub }))));
        }
        const { code, body } = await ask(RequestCode.GET_CONSUMER_CONNECTION_LIST, { consumerGroup: group });
        return [...answers, String(code), String(body?.includes('"topic":"row-heartbeat"'))];
      }),
  },
  {
    name: 'raw: 12 by every kind of index',
    versions: ['5.5.0'],
    observe: (context) =>
      asking(context, async (ask) => {
        const uniqueKey = '7F00000100A118B4AAC2000000000001';
        const kinds: readonly ExtFields[] = [
          { key: 'k1' },
          { key: 'k1', indexType: 'K', lastKey: 'whatever' },
          { key: 'TagA', indexType: 'T' },
          { key: 'TagA', indexType: 'T', maxNum: '2' },
          { key: 'TagA', indexType: 'K' },
          { key: uniqueKey, indexType: 'U' },
          { key: uniqueKey, _UNIQUE_KEY_QUERY: 'true', maxNum: '0' },
          { key: 'nobody-has-it', indexType: 'K' },
        ];
        const answers: string[] = [];
        for (const kind of kinds) {
          const fields = { topic: 'row-first', maxNum: '10', beginTimestamp: '0', endTimestamp: '9223372036854775807', ...kind };
          answers.push(`${JSON.stringify(kind)} ${messageCount(await ask(RequestCode.QUERY_MESSAGE, fields))}`);
        }
        return answers;
      }),
  },
  {
    name: 'raw: progress, as 202, 208, 300, 303 and 308 tell it',
    prepare: (context) => consumedTopic(context, 'row-progress'),
    observe: (context) =>
      asking(context, async (ask) => {
        const group = 'row-progress';
        const topic = group;
        const answers = [
          await ask(RequestCode.GET_TOPIC_STATS_INFO, { topic }),
          await ask(RequestCode.GET_CONSUME_STATS, { consumerGroup: group, topic }),
          await ask(RequestCode.GET_CONSUME_STATS, { consumerGroup: group }),
          await ask(RequestCode.GET_CONSUME_STATS, { consumerGroup: 'row-nobody', topic }),
          await ask(RequestCode.QUERY_TOPIC_CONSUME_BY_WHO, { topic }),
          await ask(RequestCode.QUERY_CONSUME_TIME_SPAN, { topic, group }),
          await ask(RequestCode.QUERY_CORRECTION_OFFSET, { topic, compareGroup: group }),
          await ask(RequestCode.QUERY_CORRECTION_OFFSET, { topic, compareGroup: 'row-nobody' }),
        ];
        return [...answers.map((answer) => comparable(answerText(answer), context)), await offsetsNamed(ask, group)];
      }),
  },
  {
    name: 'raw: what 5.x asks besides: 208 with a list, 343, 345',
    versions: ['5.5.0'],
    observe: (context) =>
      asking(context, async (ask) => {
        const answers = [
          await ask(RequestCode.GET_CONSUME_STATS, { consumerGroup: 'row-progress', topicList: 'row-progress;row-unknown' }),
          await ask(RequestCode.QUERY_TOPICS_BY_CONSUMER, { group: 'row-progress' }),
          await ask(RequestCode.QUERY_SUBSCRIPTION_BY_CONSUMER, { group: 'row-progress', topic: 'row-progress' }),
          await ask(RequestCode.GET_TOPIC_STATS_INFO, { topic: 'row-unknown' }),
          await ask(RequestCode.GET_CONSUMER_CONNECTION_LIST, { consumerGroup: 'row-nobody' }),
          await ask(RequestCode.GET_PRODUCER_CONNECTION_LIST, { producerGroup: 'row-nobody' }),
          await ask(RequestCode.GET_CONSUMER_RUNNING_INFO, { consumerGroup: 'row-nobody', clientId: 'x' }),
        ];
        return answers.map((answer) => comparable(answerText(answer), context));
      }),
  },
  {
    name: 'raw: 314 gives a group the offsets of another one',
    observe: (context) =>
      asking(context, async (ask) => {
        const fields = { srcGroup: 'row-progress', destGroup: 'row-cloned', topic: 'row-progress', offline: 'true' };
        const { code } = await ask(RequestCode.CLONE_GROUP_OFFSET, fields);
        return [String(code), await offsetsNamed(ask, '@row-cloned')];
      }),
  },
  {
    name: 'raw: 207 forgets offsets when told to, and keeps them otherwise',
    prepare: async (context) => {
      await consumedTopic(context, 'row-kept');
      await consumedTopic(context, 'row-gone');
    },
    observe: (context) =>
      asking(context, async (ask) => {
        const keep = { groupName: 'row-kept' };
        const forget = { groupName: 'row-gone', cleanOffset: 'true', removeOffset: 'true' };
        const codes = [keep, forget].map(async (fields) => (await ask(RequestCode.DELETE_SUBSCRIPTIONGROUP, fields)).code);
        return [
          ...(await Promise.all(codes)).map(String),
          await offsetsNamed(ask, 'row-kept'),
          await offsetsNamed(ask, 'row-gone'),
        ];
      }),
  },
  {
    name: 'raw: 215 forgets the offsets in the topic',
    versions: ['5.5.0'],
    prepare: (context) => consumedTopic(context, 'row-deleted'),
    observe: (context) =>
      asking(context, async (ask) => {
        const { code } = await ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'row-deleted' });
        return [String(code), await offsetsNamed(ask, 'row-deleted')];
      }),
  },
  {
    name: 'raw: 45 is the file of the delay levels',
    observe: (context) =>
      asking(context, async (ask) => {
        const { code, body = Buffer.alloc(0) } = await ask(RequestCode.GET_ALL_DELAY_OFFSET);
        const file = parseFastjson(body.toString()) as Readonly<Record<string, object>>;
        // 4.9 has no version in it.
        return [String(code), ...Object.keys(file).filter((key) => key !== 'dataVersion')];
      }),
  },
];

/** Without times that ours leaves to the reader to put into words, how long ago something was, and what 4.9 does not tell. */
function comparable(text: string, { version }: AdminContext): string {
  const common = text
    .replaceAll(/,?"(?:consume|min|max)TimeStampStr":"[^"]*"/g, '')
    .replaceAll(/"(delayTime|consumeTps|topicPutTps|lastTimestamp|lastUpdateTimestamp)":[\d.]+/g, '"$1":<n>');
  return version === '4.9.7' ? common.replaceAll(/,"(?:topicPutTps|pullOffset)":(?:<n>|\d+)/g, '') : common;
}
