import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdminContext, AdminRow } from '../admin-row.js';
import { sortLines } from '../normalise-output.js';

const cluster = ['-c', 'DefaultCluster'] as const;
const broker = ({ server }: AdminContext): readonly string[] => ['-b', server.brokerAddr];

/** Members of a printed Java object in the order of their names. */
const sortWords = (text: string): string =>
  text
    .split('\n')
    // What the logging of 5.5 says about itself, once.
    .filter((line) => !/\|-(?:INFO|WARN)/.test(line))
    .map((line) =>
      line
        .split(/[\s,]+/)
        .toSorted()
        .join(' '),
    )
    .join('\n');

async function topicOf({ tool }: AdminContext, topic: string): Promise<string> {
  return (await tool.output('topicRoute', '-t', topic)).replaceAll(/\s+/g, ' ');
}

async function fileWith(content: string): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'orbitmq-admin-')), 'list.json');
  writeFileSync(path, content);
  return path;
}

const configValue = async ({ tool, server }: AdminContext, key: string): Promise<string> => {
  const lines = (await tool.output('getBrokerConfig', '-b', server.brokerAddr)).split('\n');
  return lines.find((line) => line.startsWith(`${key} `))?.replaceAll(/\s+/g, ' ') ?? `${key} is missing`;
};

const topicRows: readonly AdminRow[] = [
  {
    name: 'updateTopic',
    command: 'updateTopic',
    args: ['-t', 'row-updateTopic', ...cluster, '-r', '3', '-w', '5', '-p', '6'],
    observe: async (context, { output }) => `${sortWords(output)}\n${await topicOf(context, 'row-updateTopic')}`,
  },
  {
    name: 'updateTopic of one broker, again',
    command: 'updateTopic',
    args: (context) => ['-t', 'row-updateTopic', ...broker(context), '-r', '4', '-w', '4', '-p', '4', '-u', 'true'],
    observe: async (context, { output }) => `${sortWords(output)}\n${await topicOf(context, 'row-updateTopic')}`,
  },
  {
    name: 'updateTopic of a system topic',
    command: 'updateTopic',
    args: ['-t', 'SELF_TEST_TOPIC', ...cluster],
    fails: true,
    difference: { why: 'the code is the one of 5.x', versions: ['4.9.7'], ours: /CODE: 29/ },
  },
  {
    name: 'updateTopic with a bad name',
    command: 'updateTopic',
    args: ['-t', 'row#updateTopic', ...cluster],
    fails: true,
    difference: { why: 'the code is the one of 5.x, the words are ours', ours: /CODE: 29 {2}DESC: The topic name/ },
  },
  {
    name: 'updateTopic with attributes',
    command: 'updateTopic',
    versions: ['5.5.0'],
    args: ['-t', 'row-attributes', ...cluster, '-a', '+message.type=FIFO,+reserve.time=1000'],
    observe: async (context, { output }) => `${sortWords(output)}\n${await topicOf(context, 'row-attributes')}`,
  },
  ...['+message.type=WRONG', 'message.type=FIFO', '+foo=1', '-lite.topic.expiration', '+queue.type=SimpleCQ'].map(
    (attributes): AdminRow => ({
      name: `updateTopic with the attributes ${attributes}`,
      command: 'updateTopic',
      versions: ['5.5.0'],
      args: ['-t', 'row-attributes', ...cluster, '-a', attributes],
      fails: true,
    }),
  ),
  {
    name: 'updateTopicPerm',
    command: 'updateTopicPerm',
    args: (context) => ['-t', 'row-updateTopic', ...broker(context), '-p', '2'],
    observe: async (context, { output }) => `${sortWords(output)}\n${await topicOf(context, 'row-updateTopic')}`,
  },
  {
    name: 'updateTopicList',
    command: 'updateTopicList',
    versions: ['5.5.0'],
    args: async () => {
      const topic = (topicName: string) => ({
        topicName,
        readQueueNums: 2,
        writeQueueNums: 3,
        perm: 6,
        topicFilterType: 'SINGLE_TAG',
      });
      return [...cluster, '-f', await fileWith(JSON.stringify([topic('row-list-a'), topic('row-list-b')]))];
    },
    observe: async (context, { output }) =>
      `${output}\n${await topicOf(context, 'row-list-a')}\n${await topicOf(context, 'row-list-b')}`,
  },
  {
    name: 'deleteTopic',
    command: 'deleteTopic',
    prepare: async ({ tool }) => {
      await tool.output('updateTopic', '-t', 'row-deleteTopic', ...cluster);
    },
    args: ['-t', 'row-deleteTopic', ...cluster],
    observe: async ({ tool }, { output }) => {
      const { failure } = await tool.run('topicRoute', '-t', 'row-deleteTopic');
      const topics = (await tool.output('topicList')).split('\n');
      return `${output}\n${failure}\n${topics.includes('row-deleteTopic')}`;
    },
  },
  {
    name: 'deleteTopic of one that is not there',
    command: 'deleteTopic',
    args: ['-t', 'row-never-was', ...cluster],
  },
  {
    name: 'deleteTopic of a system topic',
    command: 'deleteTopic',
    args: ['-t', 'TBW102', ...cluster],
    fails: true,
    difference: { why: 'the code is the one of 5.x', versions: ['4.9.7'], ours: /CODE: 29/ },
  },
];

const groupRows: readonly AdminRow[] = [
  {
    name: 'updateSubGroup',
    command: 'updateSubGroup',
    args: [
      '-g',
      'row-group',
      ...cluster,
      '-s',
      'true',
      '-m',
      'false',
      '-d',
      'false',
      '-q',
      '2',
      '-r',
      '5',
      '-i',
      '0',
      '-w',
      '1',
      '-a',
      'true',
    ],
    observe: async ({ tool }, { output }) =>
      `${sortWords(output)}\n${sortLines((await tool.output('getConsumerConfig', '-g', 'row-group')).replaceAll(/[ \t]+/g, ' '))}`,
  },
  {
    name: 'updateSubGroup of one broker',
    command: 'updateSubGroup',
    args: (context) => ['-g', 'row-group-b', ...broker(context)],
    observe: async (_context, { output }) => sortWords(output),
  },
  {
    name: 'updateSubGroupList',
    command: 'updateSubGroupList',
    versions: ['5.5.0'],
    args: async () => [
      ...cluster,
      '-f',
      await fileWith(JSON.stringify([{ groupName: 'row-groups-a', retryMaxTimes: 3 }, { groupName: 'row-groups-b' }])),
    ],
    observe: async ({ tool }, { output }) =>
      `${output}\n${sortLines((await tool.output('getConsumerConfig', '-g', 'row-groups-a')).replaceAll(/[ \t]+/g, ' '))}`,
  },
  {
    name: 'deleteSubGroup',
    command: 'deleteSubGroup',
    args: ['-g', 'row-group', ...cluster, '-r', 'true'],
    normalise: sortLines,
  },
  {
    name: 'deleteSubGroup of one broker',
    command: 'deleteSubGroup',
    args: (context) => ['-g', 'row-group-b', ...broker(context)],
  },
];

const brokerRows: readonly AdminRow[] = [
  {
    name: 'getBrokerConfig',
    command: 'getBrokerConfig',
    args: broker,
    observe: async (context) => {
      const keys = [
        'brokerName',
        'brokerClusterName',
        'brokerId',
        'brokerRole',
        'brokerPermission',
        'deleteWhen',
        'fileReservedTime',
      ];
      return (await Promise.all(keys.map((key) => configValue(context, key)))).join('\n');
    },
  },
  {
    name: 'updateBrokerConfig',
    command: 'updateBrokerConfig',
    args: (context) => [...broker(context), '-k', 'fileReservedTime', '-v', '49'],
    observe: async (context, { output }) => `${output}\n${await configValue(context, 'fileReservedTime')}`,
  },
  {
    name: 'updateBrokerConfig of the cluster',
    command: 'updateBrokerConfig',
    args: [...cluster, '-k', 'deleteWhen', '-v', '05'],
    observe: async (context, { output }) => `${output}\n${await configValue(context, 'deleteWhen')}`,
  },
  {
    name: 'updateBrokerConfig with a value that cannot be read',
    command: 'updateBrokerConfig',
    args: (context) => [...broker(context), '-k', 'fileReservedTime', '-v', 'abc'],
    observe: async (context, { output }) => `${output}\n${await configValue(context, 'fileReservedTime')}`,
  },
  {
    name: 'updateBrokerConfig with an unknown key',
    command: 'updateBrokerConfig',
    args: (context) => [...broker(context), '-k', 'nobodyKnowsIt', '-v', '1'],
    observe: async (context, { output }) => `${output}\n${await configValue(context, 'nobodyKnowsIt')}`,
  },
  {
    name: 'updateBrokerConfig with a key of the black list',
    command: 'updateBrokerConfig',
    args: (context) => [...broker(context), '-k', 'brokerConfigPath', '-v', '/x'],
    versions: ['5.5.0'],
    fails: true,
  },
  {
    name: 'updateBrokerConfig makes a broker read-only for those who ask for routes',
    command: 'updateBrokerConfig',
    args: (context) => [...broker(context), '-k', 'brokerPermission', '-v', '4'],
    observe: async (context, { output }) => {
      const route = await topicOf(context, 'BenchmarkTest');
      await context.tool.output('updateBrokerConfig', '-b', context.server.brokerAddr, '-k', 'brokerPermission', '-v', '6');
      return `${output}\n${route}\n${await topicOf(context, 'BenchmarkTest')}`;
    },
  },
  ...['cleanExpiredCQ', 'cleanUnusedTopic', 'deleteExpiredCommitLog'].flatMap((command): AdminRow[] => [
    { name: command, command, args: broker },
    { name: `${command} of the cluster`, command, args: cluster },
  ]),
  {
    name: 'exportConfigs',
    command: 'exportConfigs',
    args: async () => [...cluster, '-f', mkdtempSync(join(tmpdir(), 'orbitmq-admin-'))],
    observe: async (_context, { output }) => {
      const path = /(\/\S+configs\.json)/.exec(output)?.[1] ?? '';
      const { brokerConfigs } = JSON.parse(readFileSync(path, 'utf8'));
      // The tool of 4.9 fails without it, and Apache 5.5 has it no more: ours always has.
      return Object.keys(brokerConfigs['broker-a'])
        .filter((key) => key !== 'filterServerNums')
        .toSorted()
        .join('\n');
    },
  },
  {
    name: 'exportMetadata',
    command: 'exportMetadata',
    args: async () => [...cluster, '-t', '-f', mkdtempSync(join(tmpdir(), 'orbitmq-admin-'))],
    observe: async (_context, { output }) => {
      const path = /(\/\S+topic\.json)/.exec(output)?.[1] ?? '';
      const { topicConfigTable } = JSON.parse(readFileSync(path, 'utf8'));
      return JSON.stringify(topicConfigTable['row-updateTopic']);
    },
  },
  ...['0', '1'].map(
    (mode): AdminRow => ({
      name: `setCommitLogReadAheadMode ${mode}`,
      command: 'setCommitLogReadAheadMode',
      versions: ['5.5.0'],
      args: (context) => [...broker(context), '-m', mode],
    }),
  ),
  {
    name: 'updateColdDataFlowCtrGroupConfig',
    command: 'updateColdDataFlowCtrGroupConfig',
    versions: ['5.5.0'],
    args: (context) => [...broker(context), '-g', 'row-cold', '-v', '1000'],
  },
  {
    name: 'getColdDataFlowCtrInfo',
    command: 'getColdDataFlowCtrInfo',
    versions: ['5.5.0'],
    args: broker,
  },
  {
    name: 'removeColdDataFlowCtrGroupConfig',
    command: 'removeColdDataFlowCtrGroupConfig',
    versions: ['5.5.0'],
    args: (context) => [...broker(context), '-g', 'row-cold'],
  },
];

/** Administration of topics, groups and the broker itself. */
export const topicGroupBrokerRows: readonly AdminRow[] = [...topicRows, ...groupRows, ...brokerRows];
