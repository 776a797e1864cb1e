import type { AdminContext, AdminRow } from '../admin-row.js';
import { sortLines } from '../normalise-output.js';

async function createTopic({ tool }: AdminContext, topic: string, ...more: readonly string[]): Promise<void> {
  await tool.output('updateTopic', '-t', topic, '-c', 'DefaultCluster', '-r', '4', '-w', '4', ...more);
}

/** Only lines about the row's own topics: the system topics differ by version and make. */
const linesWith =
  (text: string) =>
  (output: string): string =>
    sortLines(
      output
        .split('\n')
        .filter((line) => line.includes(text))
        .join('\n'),
    );

const routeOf =
  (topic: string): NonNullable<AdminRow['observe']> =>
  async ({ tool }, { output }) =>
    `${output}\n${await tool.output('topicRoute', '-t', topic)}`;

/** The broker's count of topics, system topics included. */
const maskCount = (text: string): string => text.replaceAll(/OK, \d+/g, 'OK, <count>');

const orderConfOf =
  (topic: string): NonNullable<AdminRow['observe']> =>
  async ({ tool }, { output }) => {
    const got = await tool.run('updateOrderConf', '-t', topic, '-m', 'get');
    return `${output}\n${got.output}\n${got.failure ?? ''}`;
  };

/** Apache has many keys that tune its threads; compared are those that both have. */
const namesrvKeys =
  /^(orderMessageEnable|returnOrderTopicConfigToBroker|supportActingMaster|enableAllTopicList|enableTopicList|notifyMinBrokerIdChanged|needWaitForService|waitSecondsForService|deleteTopicWithBrokerRegistration|scanNotActiveBrokerInterval|serverChannelMaxIdleTimeSeconds|configBlackList)\b/;
const sharedKeys = (output: string): string =>
  sortLines(
    output
      .split('\n')
      .filter((line) => namesrvKeys.test(line))
      .map((line) => line.replaceAll(/\s+/g, ' '))
      .join('\n'),
  );

/** 4.9 has two of them; the others are shown by ours to its tools too. */
const sharedKeysOf4 = (output: string): string =>
  sharedKeys(output)
    .split('\n')
    .filter((line) => /^(orderMessageEnable|serverChannelMaxIdleTimeSeconds)\b/.test(line))
    .join('\n');

const topics: readonly AdminRow[] = [
  {
    name: 'topicList',
    command: 'topicList',
    args: [],
    prepare: async (context) => {
      await createTopic(context, 'row-topicList-a');
      await createTopic(context, 'row-topicList-b');
    },
    normalise: linesWith('row-topicList-'),
  },
  { name: 'topicList -c', command: 'topicList', args: ['-c'], normalise: linesWith('row-topicList-') },
  {
    name: 'topicRoute',
    command: 'topicRoute',
    args: ['-t', 'row-topicRoute'],
    prepare: (context) => createTopic(context, 'row-topicRoute'),
  },
  { name: 'topicRoute -l', command: 'topicRoute', args: ['-t', 'row-topicRoute', '-l'] },
  {
    name: 'topicRoute of an unknown topic',
    command: 'topicRoute',
    args: ['-t', 'row-nobody-has-it'],
    fails: true,
  },
  { name: 'topicClusterList', command: 'topicClusterList', args: ['-t', 'row-topicRoute'] },
  {
    name: 'wipeWritePerm',
    command: 'wipeWritePerm',
    args: ['-b', 'broker-a'],
    observe: routeOf('row-topicRoute'),
    normalise: maskCount,
  },
  {
    name: 'addWritePerm',
    command: 'addWritePerm',
    args: ['-b', 'broker-a'],
    observe: routeOf('row-topicRoute'),
    normalise: maskCount,
  },
  { name: 'wipeWritePerm of an unknown broker', command: 'wipeWritePerm', args: ['-b', 'row-no-broker'] },
  {
    name: 'deleteTopic takes the route away',
    command: 'deleteTopic',
    args: ['-t', 'row-deleteTopic', '-c', 'DefaultCluster'],
    prepare: (context) => createTopic(context, 'row-deleteTopic'),
    observe: async ({ tool }, { output }) =>
      `${output}\n${(await tool.run('topicRoute', '-t', 'row-deleteTopic')).failure ?? 'it is there'}`,
  },
];

const kvConfig: readonly AdminRow[] = [
  {
    name: 'updateKvConfig',
    command: 'updateKvConfig',
    args: ['-s', 'ORDER_TOPIC_CONFIG', '-k', 'row-kv', '-v', 'broker-a:4'],
    observe: orderConfOf('row-kv'),
  },
  {
    name: 'deleteKvConfig',
    command: 'deleteKvConfig',
    args: ['-s', 'ORDER_TOPIC_CONFIG', '-k', 'row-kv'],
    observe: orderConfOf('row-kv'),
  },
  {
    name: 'deleteKvConfig of what is not there',
    command: 'deleteKvConfig',
    args: ['-s', 'row-no-namespace', '-k', 'row-no-key'],
  },
  {
    name: 'updateOrderConf put',
    command: 'updateOrderConf',
    args: ['-t', 'row-order', '-m', 'put', '-v', 'broker-a:4;broker-b:4'],
    observe: orderConfOf('row-order'),
  },
  {
    name: 'updateOrderConf delete',
    command: 'updateOrderConf',
    args: ['-t', 'row-order', '-m', 'delete'],
    observe: orderConfOf('row-order'),
  },
];

const config: readonly AdminRow[] = [
  { name: 'getNamesrvConfig', command: 'getNamesrvConfig', args: [], normalise: sharedKeys, versions: ['5.5.0'] },
  { name: 'getNamesrvConfig 4.9', command: 'getNamesrvConfig', args: [], normalise: sharedKeysOf4, versions: ['4.9.7'] },
  {
    name: 'updateNamesrvConfig',
    command: 'updateNamesrvConfig',
    args: ['-k', 'orderMessageEnable', '-v', 'true'],
    observe: async ({ tool }, { output }) => {
      await tool.output('updateOrderConf', '-t', 'row-topicRoute', '-m', 'put', '-v', 'broker-a:4');
      return `${output}\n${await tool.output('topicRoute', '-t', 'row-topicRoute')}`;
    },
  },
  {
    name: 'updateNamesrvConfig back',
    command: 'updateNamesrvConfig',
    args: ['-k', 'orderMessageEnable', '-v', 'false'],
    observe: routeOf('row-topicRoute'),
  },
  {
    name: 'updateNamesrvConfig of an unknown key',
    command: 'updateNamesrvConfig',
    args: ['-k', 'rowNobodyKnows', '-v', '1'],
  },
  {
    name: 'updateNamesrvConfig of a protected key',
    command: 'updateNamesrvConfig',
    args: ['-k', 'kvConfigPath', '-v', '/tmp/elsewhere'],
    fails: true,
    difference: {
      why: "5.5.0's words, to tools of 4.9 too",
      ours: /CODE: 16 {2}DESC: Can not update config in black list\./,
      versions: ['4.9.7'],
    },
  },
];

export const nameServerRows: readonly AdminRow[] = [...topics, ...kvConfig, ...config];
