import { languageOrdinal } from '@orbitmq/protocol';
import { expect, it } from 'vitest';
import { Turns } from '../metadata/turns.js';
import { type ConnectionSources, connectionFamilies } from './connection-families.js';

const java = { language: languageOrdinal('JAVA'), version: 513 };
const other = { language: languageOrdinal('OTHER'), version: 473 };

it('counts clients by group, language and version', async () => {
  const sources = {
    producers: {
      groupNames: () => ['p', 'q', 'gone'],
      channels: (group: string) => ({ p: [java, java], q: [java, other] })[group],
    },
    consumers: {
      members: (group: string) => ({ g: [java, java, other], TOOLS_CONSUMER: [other] })[group] ?? [],
      describe: (group: string) => ({
        consumeType: group === 'g' ? 'CONSUME_PASSIVELY' : 'CONSUME_ACTIVELY',
      }),
    },
    groupNames: () => ['g', 'nobody', 'TOOLS_CONSUMER'],
  } as unknown as ConnectionSources;
  const javaLabels = { language: 'java', protocol_type: 'remoting', version: 'v5_5_0' };
  const otherLabels = { language: 'other', protocol_type: 'remoting', version: 'v5_3_0' };
  const push = { consume_mode: 'push', consumer_group: 'g', is_system: 'false' };
  const pull = { consume_mode: 'pull', consumer_group: 'TOOLS_CONSUMER', is_system: 'true' };
  const families = await connectionFamilies(sources, new Turns(async () => undefined));
  expect(families.map(({ name, samples }) => [name, samples])).toEqual([
    [
      'rocketmq_producer_connections',
      [
        { labels: javaLabels, value: 3 },
        { labels: otherLabels, value: 1 },
      ],
    ],
    [
      'rocketmq_consumer_connections',
      [
        { labels: { ...push, ...javaLabels }, value: 2 },
        { labels: { ...push, ...otherLabels }, value: 1 },
        { labels: { ...pull, ...otherLabels }, value: 1 },
      ],
    ],
  ]);
});

it('lets others have their turn after every 1000 clients, over all groups', async () => {
  const clients = Array.from({ length: 500 }, () => java);
  const names = ['a', 'b', 'c', 'd'];
  const sources = {
    producers: { groupNames: () => names, channels: () => clients },
    consumers: { members: () => clients, describe: () => undefined },
    groupNames: () => names,
  } as unknown as ConnectionSources;
  let pauses = 0;
  await connectionFamilies(sources, new Turns(async () => void (pauses += 1)));
  expect(pauses).toBe(4);
});
