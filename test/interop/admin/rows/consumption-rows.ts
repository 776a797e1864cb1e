import type { AdminContext, AdminRow } from '../admin-row.js';
import { commitOffsets } from '../ask-broker.js';
import { maskDetail, maskIds, maskMessage, maskPlaces } from '../mask-messages.js';
import { sortLines } from '../normalise-output.js';
import { storeMessages } from '../store-messages.js';
import { broker, nameOf, resetAsVersion, threeMessages } from './consumption-set-up.js';

/** What a group with a retry topic has as offsets, as `consumerProgress` tells it. */
async function progressOf({ tool }: AdminContext, group: string): Promise<string> {
  return sortLines(await tool.output('consumerProgress', '-g', group));
}

/** A group that has consumed `offset` of three messages. */
async function groupAt(context: AdminContext, names: { readonly topic: string; readonly group: string }, offset: number) {
  const { topic, group } = names;
  await resetAsVersion(context);
  await threeMessages(context, topic);
  await context.tool.output('updateSubGroup', ...broker(context), '-g', group);
  await context.tool.output('updateTopic', '-t', `%RETRY%${group}`, ...broker(context), '-r', '1', '-w', '1');
  await commitOffsets(context.server.brokerAddr, group, topic, [offset]);
}

export const consumptionRows: readonly AdminRow[] = [
  {
    name: 'consumption: topicStatus',
    command: 'topicStatus',
    args: ['-t', 'row-topicStatus'],
    prepare: (context) => threeMessages(context, 'row-topicStatus'),
  },
  {
    name: 'consumption: consumerConnection of nobody',
    command: 'consumerConnection',
    args: (context) => ['-g', 'row-nobody', ...broker(context)],
    fails: true,
  },
  {
    name: 'consumption: producerConnection of nobody',
    command: 'producerConnection',
    args: ['-g', 'row-nobody', '-t', 'row-topicStatus'],
    fails: true,
  },
  {
    name: 'consumption: resetOffsetByTime while nobody consumes',
    command: 'resetOffsetByTime',
    args: ['-g', 'row-reset', '-t', 'row-reset', '-s', '0', '-f', 'true'],
    prepare: (context) => groupAt(context, { topic: 'row-reset', group: 'row-reset' }, 2),
    observe: async (context, { output }) => `${output}\n${await progressOf(context, 'row-reset')}`,
  },
  {
    name: 'consumption: resetOffsetByTime forward without force',
    command: 'resetOffsetByTime',
    args: ['-g', 'row-unforced', '-t', 'row-unforced', '-s', 'now', '-f', 'false'],
    prepare: (context) => groupAt(context, { topic: 'row-unforced', group: 'row-unforced' }, 1),
    observe: async (context, { output }) => `${output}\n${await progressOf(context, 'row-unforced')}`,
  },
  {
    name: 'consumption: skipAccumulatedMessage while nobody consumes',
    command: 'skipAccumulatedMessage',
    args: ['-g', 'row-skip', '-t', 'row-skip', '-f', 'true'],
    prepare: (context) => groupAt(context, { topic: 'row-skip', group: 'row-skip' }, 0),
    observe: async (context, { output }) => `${output}\n${await progressOf(context, 'row-skip')}`,
  },
  {
    name: 'consumption: resetOffsetByTime of one queue to an offset',
    command: 'resetOffsetByTime',
    args: (context) => ['-g', 'row-queue', '-t', 'row-queue', ...broker(context), '-q', '0', '-o', '2', '-s', 'now'],
    prepare: (context) => groupAt(context, { topic: 'row-queue', group: 'row-queue' }, 0),
    observe: async (context, { output }) => `${output}\n${await progressOf(context, 'row-queue')}`,
    versions: ['5.5.0'],
  },
  {
    name: 'consumption: cloneGroupOffset',
    command: 'cloneGroupOffset',
    args: ['-s', 'row-source', '-d', 'row-copy', '-t', 'row-clone', '-o', 'true'],
    prepare: async (context) => {
      await groupAt(context, { topic: 'row-clone', group: 'row-source' }, 1);
      await context.tool.output('updateSubGroup', ...broker(context), '-g', 'row-copy');
      await context.tool.output('updateTopic', '-t', '%RETRY%row-copy', ...broker(context), '-r', '1', '-w', '1');
    },
    observe: async (context, { output }) => `${output}\n${await progressOf(context, 'row-copy')}`,
  },
  {
    name: 'consumption: consumerProgress of all groups',
    command: 'consumerProgress',
    args: [],
    observe: async (_context, { output }) => linesOf(output, /^#Group|^row-(?:reset|skip|source|copy) /),
  },
  {
    name: 'consumption: brokerConsumeStats',
    command: 'brokerConsumeStats',
    args: broker,
    observe: async (_context, { output }) => linesOf(output, /^#Topic|^row-(?:reset|skip|clone) /),
  },
  {
    name: 'consumption: queryMsgByKey',
    command: 'queryMsgByKey',
    args: ['-t', 'row-topicStatus', '-k', 'k1'],
    normalise: maskIds,
  },
  {
    name: 'consumption: queryMsgByKey finds nothing',
    command: 'queryMsgByKey',
    args: ['-t', 'row-topicStatus', '-k', 'nobody-has-it'],
    fails: true,
  },
  {
    name: 'consumption: queryMsgByKey by tag',
    command: 'queryMsgByKey',
    args: ['-t', 'row-topicStatus', '-k', 'TagA', '-p', 'T'],
    normalise: maskIds,
    versions: ['5.5.0'],
  },
  {
    name: 'consumption: queryMsgByUniqueKey',
    command: 'queryMsgByUniqueKey',
    args: ['-t', 'row-topicStatus', '-i', '7F00000100A118B4AAC2000000000001'],
    normalise: maskDetail,
  },
  {
    name: 'consumption: queryMsgByUniqueKey of all that have it',
    command: 'queryMsgByUniqueKey',
    args: ['-t', 'row-topicStatus', '-i', '7F00000100A118B4AAC2000000000001', '-a'],
    normalise: maskDetail,
  },
  {
    name: 'consumption: queryMsgById by offset id',
    command: 'queryMsgById',
    args: async (context) => {
      const [, id = ''] = await storeMessages(context.server.brokerAddr, 'row-byId', 2);
      return ['-i', id, ...(context.version === '5.5.0' ? ['-t', 'row-byId'] : [])];
    },
    prepare: async ({ tool, server }) => {
      await tool.output('updateTopic', '-t', 'row-byId', '-b', server.brokerAddr, '-r', '1', '-w', '1');
    },
    normalise: maskDetail,
  },
  {
    name: 'consumption: queryMsgByOffset',
    command: 'queryMsgByOffset',
    args: async (context) => ['-t', 'row-topicStatus', '-b', await nameOf(context), '-i', '0', '-o', '1'],
    normalise: maskDetail,
  },
  {
    name: 'consumption: queryCq',
    command: 'queryCq',
    args: (context) => ['-t', 'row-topicStatus', '-q', '0', '-i', '1', '-c', '2', ...broker(context)],
    normalise: maskPlaces,
  },
  {
    name: 'consumption: printMsg',
    command: 'printMsg',
    args: ['-t', 'row-topicStatus', '-d', 'true', '-s', 'TagA'],
    normalise: maskMessage,
  },
  {
    name: 'consumption: printMsgByQueue',
    command: 'printMsgByQueue',
    args: async (context) => ['-t', 'row-topicStatus', '-a', await nameOf(context), '-i', '0', '-p', 'true', '-d', 'true'],
    normalise: maskMessage,
  },
  {
    name: 'consumption: printMsgByQueue counts tags',
    command: 'printMsgByQueue',
    args: async (context) => ['-t', 'row-topicStatus', '-a', await nameOf(context), '-i', '0', '-f', 'true'],
    normalise: maskMessage,
  },
  {
    name: 'consumption: consumeMessage',
    command: 'consumeMessage',
    args: async (context) => ['-t', 'row-topicStatus', '-b', await nameOf(context), '-i', '0', '-o', '1', '-c', '2'],
    normalise: maskMessage,
  },
];

function linesOf(output: string, wanted: RegExp): string {
  return sortLines(
    output
      .split('\n')
      .filter((line) => wanted.test(line))
      .join('\n'),
  );
}
