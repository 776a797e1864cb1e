/** What operators see of, and do to, clients that are at work: official ones of the tool's version, and ours. */
import { RequestCode } from '@orbitmq/protocol';
import { consume, createMqApp, defineTopic, textCodec } from 'orbitmq';
import { temporaryDirectory } from '../../../support/temporary-directory.js';
import { waitUntil } from '../../../support/wait-until.js';
import type { ApacheVersion } from '../../apache/distribution.js';
import { JavaClient } from '../../java-client.js';
import type { AdminContext, AdminRow } from '../admin-row.js';
import { answerText, askingBroker } from '../ask-broker.js';
import { maskDetail, maskIds } from '../mask-messages.js';
import { sortLines } from '../normalise-output.js';
import { storeMessages } from '../store-messages.js';
import { broker, resetAsVersion, threeMessages } from './consumption-set-up.js';

const deliveryLimitMs = 40_000;

interface Names {
  readonly topic: string;
  readonly group: string;
}

/** A consumer at work, as the commands need it. */
interface LiveConsumer {
  readonly clientId: string;
  /** Bodies, in the order in which they came. */
  readonly delivered: () => readonly string[];
}

/** 4.9 has some of them as Java prints a socket's. */
const maskAddress = (text: string): string => text.replaceAll(/\/?127\.0\.0\.1:\d+/g, '<address>');
const maskNumbers = (text: string): string => text.replaceAll(/\b\d+(?:\.\d+)?\b/g, '<n>').replaceAll(/ +/g, ' ');

/** Our client as a consumer of a group while commands run. */
async function whileOursConsumes(
  { server, tool }: AdminContext,
  names: Names,
  run: (consumer: LiveConsumer) => Promise<string>,
): Promise<string> {
  const delivered: string[] = [];
  const consumer = consume(
    defineTopic<string>(names.topic, { codec: textCodec }),
    { group: names.group, consumeFrom: 'first' as const },
    async (message) => {
      delivered.push(message.body);
    },
  );
  const app = await createMqApp({ url: `rocketmq://${server.namesrvAddr}`, providers: [consumer] });
  await app.start();
  try {
    await waitUntil('the messages are consumed', deliveryLimitMs, () => delivered.length >= 3);
    // While a pull waits at the broker, what is consumed is committed at an interval.
    await waitUntil('offsets are committed', deliveryLimitMs, async () => {
      const { failure } = await tool.run('consumerProgress', '-g', names.group);
      return failure === undefined;
    });
    const connections = await tool.output('consumerConnection', '-g', names.group);
    const clientId = /^(?:\d+\s+)?(\S+@\d+#\d+)/m.exec(connections)?.[1];
    if (clientId === undefined) throw new Error(`no client in ${connections}`);
    const text = await run({ clientId, delivered: () => delivered });
    return maskAddress(`${sortLines(connections)}\n${text}`).replaceAll(clientId, '<client>');
  } finally {
    await app.stop();
  }
}

/** An official consumer, and a producer, of the tool's version while commands run. */
async function whileJavaWorks(
  { server, tool, version }: AdminContext,
  names: Names,
  run: (consumer: LiveConsumer) => Promise<string>,
): Promise<string> {
  const home = await temporaryDirectory('admin-client');
  const flags = ['-Dinterop.clientIp=192.0.2.2', '-Dinterop.heartbeatMs=1000'];
  const java = await JavaClient.start(version, server.namesrvAddr, home.path, flags);
  try {
    const producer = await java.startProducer(`${names.group}-producers`);
    await producer.send({ topic: names.topic, body: 'from Java' });
    const consumer = await java.startConsumer(names);
    const delivered = (): readonly string[] => consumer.deliveries.map(({ body }) => body);
    await waitUntil('the messages are consumed', deliveryLimitMs, () => consumer.deliveries.length >= 4);
    // The pull after this one says that the others are consumed.
    await producer.send({ topic: names.topic, body: 'again from Java' });
    await waitUntil('one more is consumed', deliveryLimitMs, () => consumer.deliveries.length >= 5);
    const connections = await tool.output('consumerConnection', '-g', names.group);
    const clientId = /^(192\.0\.2\.2@\S+)/m.exec(connections)?.[1];
    if (clientId === undefined) throw new Error(`no client in ${connections}`);
    const text = await run({ clientId, delivered });
    return maskAddress(`${sortLines(connections)}\n${text}`).replaceAll(clientId, '<client>');
  } finally {
    await java.stop();
    await home.remove();
  }
}

/**
 * What a consumer tells of itself, without numbers and identities of objects. Whether it has its retry topic yet is a race of the
 * official clients at every broker.
 */
function runningInfo(text: string): string {
  const lines = maskNumbers(text.replaceAll(/@[0-9a-f]{5,8}\b|\$\$Lambda\S+/g, '<object>')).split('\n');
  return lines.filter((line) => !line.includes('%RETRY%')).join('\n');
}

/** `consumerProgress -s`: who has which queue; offsets move while the client works. */
function ownersOf(output: string, { topic }: Names): string {
  return output
    .split('\n')
    .filter((line) => line.startsWith(`${topic} `))
    .map((line) => line.split(/\s+/))
    .map(([name, brokerName, queueId, , , owner]) => [name, brokerName, queueId, owner].join(' '))
    .join('\n');
}

const directly = (text: string, version: ApacheVersion): string =>
  maskDetail(text, version).replaceAll(/\d+ms|spentTimeMills=\d+/g, '<spent>');

/** Everything that asks about a consumer and changes nothing. */
async function looks({ tool, server, version }: AdminContext, names: Names, clientId: string): Promise<string> {
  const { group, topic } = names;
  const status = await tool.output('consumerStatus', '-g', group, '-i', clientId);
  const all = await tool.output('consumerStatus', '-g', group);
  const progress = await tool.output('consumerProgress', '-g', group, '-s', 'true');
  const raw = await askingBroker(server.brokerAddr, async (ask) => {
    const fields = { group, topic };
    return [
      // As startMonitoring and getConsumerStatus ask.
      answerText(await ask(RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, { ...fields, clientAddr: '' })),
      answerText(await ask(RequestCode.QUERY_TOPIC_CONSUME_BY_WHO, { topic })),
      ...(version === '5.5.0' ? [answerText(await ask(RequestCode.QUERY_SUBSCRIPTION_BY_CONSUMER, fields))] : []),
    ].join('\n');
  });
  const rawMasked = raw.replaceAll(/"subVersion":\d+/g, '"subVersion":<n>').replaceAll(/:[345]\}/g, ':<offset>}');
  return [runningInfo(status), maskNumbers(all), ownersOf(progress, names), rawMasked].join('\n');
}

const uniqueKey = '7F00000100A118B4AAC2000000000001';

export const liveClientRows: readonly AdminRow[] = [
  {
    name: 'live: an official consumer and producer are seen, and the consumer takes a chosen message',
    prepare: (context) => threeMessages(context, 'row-java'),
    observe: (context) => {
      const names = { topic: 'row-java', group: 'row-java-group' };
      return whileJavaWorks(context, names, async ({ clientId, delivered }) => {
        const { tool, version } = context;
        // A producer that had no route when it started is known with its next heartbeat.
        const producers = await waitUntil('the producer is known', deliveryLimitMs, async () => {
          const group = ['-g', `${names.group}-producers`, '-t', names.topic];
          const { output, failure } = await tool.run('producerConnection', ...group);
          return failure === undefined ? output : undefined;
        });
        const all = await tool.output('producer', ...broker(context));
        const own = all.split('\n').filter((line) => line.includes(`${names.group}-producers`));
        const seen = await looks(context, names, clientId);
        const track = await tool.output('queryMsgByUniqueKey', '-i', uniqueKey, '-t', names.topic);
        const chosen = ['-i', uniqueKey, '-t', names.topic, '-g', names.group, '-d', clientId];
        const direct = await tool.output('queryMsgByUniqueKey', ...chosen);
        const came = delivered().toSorted().join(' ');
        return maskIds([producers, ...own, seen, directly(track, version), directly(direct, version), came].join('\n'));
      });
    },
  },
  {
    name: 'live: a reset reaches an official consumer',
    versions: ['5.5.0'],
    prepare: (context) => threeMessages(context, 'row-java-reset'),
    observe: (context) => {
      const names = { topic: 'row-java-reset', group: 'row-java-reset' };
      return whileJavaWorks(context, names, async ({ delivered }) => {
        const group = ['-g', names.group, '-t', names.topic];
        const output = await context.tool.output('resetOffsetByTime', ...group, '-s', '0', '-f', 'true');
        // At Apache the pull that waits at the broker hears of the reset when it is woken.
        await storeMessages(context.server.brokerAddr, names.topic, 1);
        await waitUntil('the messages come again', deliveryLimitMs, () => delivered().length >= 11);
        return `${output}\n${delivered().toSorted().join(' ')}`;
      });
    },
  },
  {
    name: 'live: our client is seen, and consumes a chosen message',
    prepare: (context) => threeMessages(context, 'row-live'),
    observe: (context) => {
      const names = { topic: 'row-live', group: 'row-live-group' };
      return whileOursConsumes(context, names, async ({ clientId, delivered }) => {
        const seen = await looks(context, names, clientId);
        const chosen = ['-i', uniqueKey, '-t', names.topic, '-g', names.group, '-d', clientId];
        const direct = await context.tool.output('queryMsgByUniqueKey', ...chosen);
        return maskIds([seen, directly(direct, context.version), delivered().join(' ')].join('\n'));
      });
    },
  },
  {
    name: 'live: a reset reaches our client',
    prepare: async (context) => {
      await resetAsVersion(context);
      await threeMessages(context, 'row-live-reset');
    },
    observe: (context) => {
      const names = { topic: 'row-live-reset', group: 'row-live-reset' };
      return whileOursConsumes(context, names, async ({ delivered }) => {
        // The client tells what it consumed every 5 s.
        await waitUntil('the offset is told', deliveryLimitMs, async () => {
          const progress = await context.tool.run('consumerProgress', '-g', names.group);
          return /\s3\s+3\s/.test(progress.output);
        });
        const group = ['-g', names.group, '-t', names.topic];
        const output = await context.tool.output('resetOffsetByTime', ...group, '-s', '0', '-f', 'true');
        // At Apache 5.5 the pull that waits at the broker hears of the reset when it is woken.
        await storeMessages(context.server.brokerAddr, names.topic, 1);
        await waitUntil('the messages come again', deliveryLimitMs, () => delivered().length >= 7);
        return `${output}\n${delivered().toSorted().join(' ')}`;
      });
    },
  },
];
