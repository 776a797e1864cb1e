/** What tools show of statistics, of the broker's state, and of message traces. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporaryDirectory } from '../../../support/temporary-directory.js';
import { waitUntil } from '../../../support/wait-until.js';
import type { ApacheVersion } from '../../apache/distribution.js';
import { JavaClient } from '../../java-client.js';
import type { AdminContext, AdminRow } from '../admin-row.js';
import type { AdminResult } from '../admin-tool.js';
import { sortLines } from '../normalise-output.js';
import { storeMessages } from '../store-messages.js';

const broker = ({ server }: AdminContext): readonly string[] => ['-b', server.brokerAddr];
/** 4.9 lists all clusters. */
const clusterOf = (version: ApacheVersion): readonly string[] => (version === '4.9.7' ? [] : ['-c', 'DefaultCluster']);
const singleSpaced = (text: string): string => text.replaceAll(/ {2,}/g, ' ');
/** Whether the last ten seconds were sampled since is chance. */
const maskRates = (text: string): string => singleSpaced(text).replaceAll(/\b\d+\.\d\d\b/g, '<tps>');
const maskNumbers = (text: string): string => text.replaceAll(/\d+(?:\.\d+)?/g, '<n>');

const deliveryLimitMs = 40_000;

/** Values that are the same whatever the broker did before; of the others the keys are compared. */
const sameValues = new Set([
  'brokerActive',
  'dispatchBehindBytes',
  'msgPutTotalYesterdayMorning',
  'msgPutTotalTodayMorning',
  'msgGetTotalYesterdayMorning',
  'msgGetTotalTodayMorning',
  'putMessageFailedTimes',
  'sendThreadPoolQueueSize',
  'sendThreadPoolQueueCapacity',
]);

/** Keys that ours has for tools of the other version. */
const otherVersions: Readonly<Record<ApacheVersion, RegExp>> = {
  '4.9.7': /^(?:ack|brokerActive|getTransferredTps|litePull|remainHowManyDataToCommit|timer)/,
  '5.5.0': /^(?:brokerVersion|getTransferedTps|remainHowManyDataToCommit)$/,
};

/** 5.x tells of its logging among the answers to the first command. */
const isLogging = (line: string): boolean => / \|-[A-Z]+ in /.test(line);

/** The keys of a broker's state; all that Apache's of the version has have to be there, and no other but those above. */
async function statusKeys({ version }: AdminContext, { output }: AdminResult): Promise<string> {
  const lines = output.split('\n').flatMap((line) => {
    const [, key = '', value = ''] = /^(?:\S+ +)?(\S+) *: ?(.*)$/.exec(line) ?? [];
    if (isLogging(line) || key === '' || otherVersions[version].test(key)) return [];
    const name = key.replace(/_\/.*$/, '_<directory>');
    return [sameValues.has(name) ? `${name}: ${value.trim()}` : name];
  });
  return sortLines(lines.join('\n'));
}

/** Where the values of a JSON object stand in it. */
function keyPaths(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value)
    .flatMap(([key, inner]) => keyPaths(inner, `${path}/${key}`))
    .toSorted();
}

/** One message that is sent and consumed by official clients that write traces; returns its id. */
async function tracedMessage({ server, tool, version }: AdminContext, topic: string): Promise<string> {
  const home = await temporaryDirectory('admin-trace');
  const flags = ['-Dinterop.trace=true', '-Dinterop.clientIp=192.0.2.3', '-Dinterop.timeoutMs=30000'];
  const java = await JavaClient.start(version, server.namesrvAddr, home.path, flags);
  try {
    const producer = await java.startProducer('row-trace-producers');
    const { msgId } = await producer.send({ topic, body: 'traced', keys: 'k1', tag: 'TagA' });
    const consumer = await java.startConsumer({ group: 'row-trace-consumers', topic });
    await waitUntil('the traced message is consumed', deliveryLimitMs, () => consumer.deliveries.length > 0);
    // Traces leave within some seconds; those of a consumer that is stopped meanwhile may never.
    await waitUntil('the traces are found', deliveryLimitMs, async () => {
      const { output } = await tool.run('queryMsgTraceById', '-i', msgId);
      return /^Pub/m.test(output) && /^Sub/m.test(output);
    });
    await consumer.stop();
    await producer.stop();
    return msgId;
  } finally {
    await java.stop();
    await home.remove();
  }
}

/** Ids of the traced messages by server. */
const traced = new Map<string, string>();

export const statisticsRows: readonly AdminRow[] = [
  {
    name: 'statistics: brokerStatus',
    command: 'brokerStatus',
    args: broker,
    prepare: (context) => storeMessages(context.server.brokerAddr, 'row-brokerStatus', 3),
    observe: statusKeys,
  },
  {
    name: 'statistics: brokerStatus of the cluster',
    command: 'brokerStatus',
    args: ['-c', 'DefaultCluster'],
    observe: statusKeys,
  },
  {
    name: 'statistics: clusterList',
    command: 'clusterList',
    args: ({ version }) => clusterOf(version),
    normalise: (text) => maskNumbers(singleSpaced(text)),
  },
  {
    name: 'statistics: clusterList, more',
    command: 'clusterList',
    args: ({ version }) => ['-m', ...clusterOf(version)],
    normalise: (text) => maskNumbers(singleSpaced(text)),
  },
  {
    name: 'statistics: statsAll of a topic that nobody consumes',
    command: 'statsAll',
    args: ['-t', 'row-statsAll'],
    prepare: (context) => storeMessages(context.server.brokerAddr, 'row-statsAll', 3),
    normalise: maskRates,
  },
  {
    name: 'statistics: statsAll of a topic that was consumed',
    command: 'statsAll',
    args: ['-t', 'row-trace'],
    prepare: async (context) => {
      traced.set(context.server.brokerAddr, await tracedMessage(context, 'row-trace'));
      await waitUntil('what came in and went out is sampled', deliveryLimitMs, async () => {
        const { output } = await context.tool.run('statsAll', '-t', 'row-trace');
        return / 1 +1$/m.test(output.trim());
      });
    },
    normalise: maskRates,
  },
  {
    name: 'statistics: exportMetrics',
    command: 'exportMetrics',
    args: async () => ['-c', 'DefaultCluster', '-f', mkdtempSync(join(tmpdir(), 'orbitmq-admin-'))],
    observe: async (_context, { output }) => {
      const path = /(\/\S+metrics\.json)/.exec(output)?.[1] ?? '';
      return keyPaths(JSON.parse(readFileSync(path, 'utf8'))).join('\n');
    },
  },
  {
    name: 'statistics: allocateMQ',
    command: 'allocateMQ',
    args: ['-t', 'row-allocateMQ', '-i', '192.0.2.1,192.0.2.2'],
    prepare: (context) => storeMessages(context.server.brokerAddr, 'row-allocateMQ', 1),
  },
  {
    name: 'statistics: checkMsgSendRT',
    command: 'checkMsgSendRT',
    prepare: (context) => storeMessages(context.server.brokerAddr, 'row-checkMsgSendRT', 1),
    args: ['-t', 'row-checkMsgSendRT', '-a', '3', '-s', '64'],
    normalise: (text) => singleSpaced(maskNumbers(text)),
  },
  {
    name: 'statistics: sendMessage',
    command: 'sendMessage',
    prepare: (context) => storeMessages(context.server.brokerAddr, 'row-sendMessage', 1),
    args: ['-t', 'row-sendMessage', '-p', 'a body', '-k', 'key', '-c', 'tag', '-b', 'broker-a', '-i', '0'],
    normalise: (text) => singleSpaced(text).replaceAll(/\b[0-9A-F]{32,}\b/g, '<id>'),
  },
  {
    name: 'statistics: sendMsgStatus',
    command: 'sendMsgStatus',
    args: ['-b', 'broker-a', '-s', '64', '-c', '3'],
    normalise: (text) =>
      text
        .replaceAll(/rt=\d+ms/g, 'rt=<n>ms')
        .replaceAll(/(msgId|offsetMsgId)=[0-9A-F]+/g, '$1=<id>')
        .replaceAll(/queueOffset=\d+/g, 'queueOffset=<n>'),
  },
  {
    name: 'statistics: queryMsgTraceById of official clients',
    command: 'queryMsgTraceById',
    args: ({ server }) => ['-i', traced.get(server.brokerAddr) ?? 'none'],
    normalise: (text) => sortLines(singleSpaced(text).replaceAll(/\b\d+ms\b/g, '<n>ms')),
  },
  {
    name: 'statistics: queryMsgTraceById of an id that nobody traced',
    command: 'queryMsgTraceById',
    args: ['-i', '7F00000100A118B4AAC2999999999999'],
    fails: true,
  },
];
