/**
 * Request and reply, and the fast port (listenPort - 2), with the official clients of both versions on either side of a request, at
 * Apache's brokers of both versions and at ours: the same verdict everywhere.
 */
import { readFileSync } from 'node:fs';
import { findProperty, PropertyName, ResponseCode } from '@orbitmq/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrokerCalls } from '../support/broker-calls.js';
import { CleanUps } from '../support/clean-ups.js';
import { verifies } from '../support/verifies.js';
import { startApacheServer } from './apache/apache-server.js';
import { type ApacheVersion, apacheMissing, apacheVersions } from './apache/distribution.js';
import { startOrbitServer } from './orbit-server.js';
import { JavaParty, partyName } from './request-reply/java-party.js';

const limitMs = 300_000;
const missing = apacheMissing();
const cleanUps = new CleanUps();
const clusters = ['Apache 4.9.7', 'Apache 5.5.0', 'ours'] as const;
const replyTopic = 'DefaultCluster_REPLY_TOPIC';

type ClusterName = (typeof clusters)[number];

/** Region and trace switch are of 5.x. */
const propertiesOf = (cluster: ClusterName): string => {
  const of4 = ['ARRIVE_TIME', 'CORRELATION_ID', 'MSG_TYPE', 'PUSH_REPLY_TIME', 'REPLY_TO_CLIENT', 'TTL', 'UNIQ_KEY'];
  const names = cluster === 'Apache 4.9.7' ? of4 : [...of4, 'MSG_REGION', 'TRACE_ON'];
  return names.toSorted().join(', ');
};

interface Asked {
  readonly cluster: ClusterName;
  /** Who asks. */
  readonly from: string;
}

/** What a requester is told: topic, body, bytes, properties, MSG_TYPE, TTL, whether hosts and times are there. */
function answered(step: string, { cluster, from }: Asked, long?: { readonly body: string; readonly sizeBytes: number }): string {
  const body = long?.body ?? `re:${step} from ${from}`;
  return `${replyTopic} ${body} ${long?.sizeBytes ?? body.length} [${propertiesOf(cluster)}] reply 30000 true true`;
}

const timedOut = (topic: string): string =>
  `RequestTimeoutException 10006 CODE: 10006  DESC: send request message to <${topic}> OK, but wait reply message timeout, n ms.`;

/** The verdicts of a requester about one topic, whoever answers. */
function expectedVerdicts(topic: string, asked: Asked): readonly string[] {
  const quick = ['sync', 'callback', 'selector', 'queue', 'oneway', 'async', 'again'];
  let large = `re:large from ${asked.from}`;
  while (large.length < 20_000) large += ' and more';
  return [
    ...quick.map((step) => `${topic} ${step}: ${answered(step, asked)}`),
    `${topic} large: ${answered('large', asked, { body: large.slice(0, 60), sizeBytes: large.length })}`,
    ...['silent', 'late', 'gone'].map((step) => `${topic} ${step}: ${timedOut(topic)}`),
    `${topic} silent-callback: RequestTimeoutException 10006 CODE: 10006  DESC: request timeout, no reply message.`,
  ];
}

const fastPortVerdicts = (asked: Asked): readonly string[] => [
  `RR_${asked.from} fast: ${answered('fast', asked)}`,
  'fast port, concurrently: [batch-00, batch-10, batch-20, one-way0, sent-back0, sent-back1, sync0]',
  'fast port, orderly: [batch-0, batch-1, batch-2, one-way, sent-back, sync]',
];

/** What the replier of a topic is told about its replies to requester `from`. */
function expectedReplies(from: string): readonly string[] {
  const stored = `SEND_OK ${replyTopic} 0`;
  return [
    ...['sync', 'callback', 'selector', 'queue', 'large', 'again', 'late'].map((step) => `${step} from ${from}: ${stored}`),
    `oneway from ${from}: one-way`,
    `async from ${from}: SEND_OK`,
    `gone from ${from}: MQClientException ${ResponseCode.SYSTEM_ERROR}`,
  ];
}

/** Connections to a port of this machine that are established. */
function connectionsTo(port: number): number {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/net/${name}`, 'latin1').split('\n'));
  return lines.filter((line) => {
    const [, , remote = '', state] = line.trim().split(/\s+/);
    return remote.endsWith(wanted) && state === '01';
  }).length;
}

interface Server {
  readonly namesrvAddr: string;
  readonly brokerAddrs: readonly string[];
}

async function start(cluster: ClusterName, directory: string): Promise<Server> {
  if (cluster === 'ours') {
    // As Apache's are started: a machine shared with other tests is slow at times.
    const ours = await startOrbitServer(`${directory}/ours`, { brokerFastFailureEnable: 'false' });
    cleanUps.add(() => ours.stop());
    return { namesrvAddr: ours.namesrvAddr, brokerAddrs: [ours.brokerAddr] };
  }
  const version = cluster.slice('Apache '.length) as ApacheVersion;
  const server = await startApacheServer(version, `${directory}/${version}`);
  cleanUps.add(() => server.stop());
  return { namesrvAddr: server.namesrvAddr, brokerAddrs: [server.brokerAddr] };
}

describe.skipIf(missing !== undefined)('request and reply', () => {
  const servers: Server[] = [];
  const parties: JavaParty[] = [];

  async function createTopics(server: Server): Promise<void> {
    for (const address of server.brokerAddrs) {
      const calls = await BrokerCalls.connect(address);
      for (const version of apacheVersions) {
        await calls.createTopic(`RR_${partyName(version)}`, 2);
        await calls.createTopic(`VIP_${partyName(version)}`, 2);
      }
      await calls.stop();
    }
  }

  beforeAll(async () => {
    const directory = await cleanUps.directory('request-reply');
    const started = await Promise.all(
      clusters.map(async (cluster) => {
        const server = await start(cluster, directory);
        await createTopics(server);
        return server;
      }),
    );
    servers.push(...started);
    const nameServers = servers.map((server) => server.namesrvAddr);
    for (const [version, peer] of [apacheVersions, apacheVersions.toReversed()] as const) {
      if (version === undefined || peer === undefined) throw new Error('two versions');
      const party = await JavaParty.start(version, peer, nameServers, directory);
      cleanUps.add(() => party.stop());
      parties.push(party);
    }
    await Promise.all(parties.map((party) => party.ask()));
  }, limitMs);

  afterAll(() => cleanUps.run(), limitMs);

  test.each(apacheVersions)(
    'the requester %s gets the same from both repliers at every broker',
    (version) => {
      verifies('request-reply', 'java-clients');
      const party = parties[apacheVersions.indexOf(version)]!;
      const topics = apacheVersions.map((each) => `RR_${partyName(each)}`);
      for (const [index, cluster] of clusters.entries()) {
        const asked = { cluster, from: partyName(version) };
        const expected = [...topics.flatMap((topic) => expectedVerdicts(topic, asked)), ...fastPortVerdicts(asked)];
        expect([cluster, ...party.told('verdict', index)]).toEqual([cluster, ...expected.toSorted()]);
      }
    },
    limitMs,
  );

  test.each(apacheVersions)(
    'the replier %s is told the same at every broker, also of who is gone',
    async (version) => {
      verifies('request-reply');
      const party = parties[apacheVersions.indexOf(version)]!;
      const own = partyName(version);
      const stored = `SEND_OK ${replyTopic} 0`;
      const expected = apacheVersions
        .flatMap((each) => expectedReplies(partyName(each)))
        .concat(`fast from ${own}: ${stored}`)
        .toSorted();
      for (const [cluster, name] of clusters.entries()) {
        expect([name, ...(await party.replied(cluster, expected.length))]).toEqual([name, ...expected]);
      }
    },
    limitMs,
  );

  test('replies are in the reply topic, also those that nobody took', async () => {
    verifies('request-reply');
    const counts = await Promise.all(
      servers.map(async ({ brokerAddrs }) => {
        const ids = new Set<string | undefined>();
        for (const address of brokerAddrs) {
          const calls = await BrokerCalls.connect(address);
          for (const message of await calls.read(replyTopic, 0)) {
            ids.add(findProperty(message.propertiesBytes, PropertyName.CORRELATION_ID));
          }
          await calls.stop();
        }
        return ids.size;
      }),
    );
    // Of two requesters: ten requests to each of two topics that somebody answered, and one by the fast port.
    expect(counts).toEqual(clusters.map(() => 2 * (2 * 10 + 1)));
  });

  test.runIf(process.platform === 'linux')('clients with vipChannelEnabled are on the fast port of every cluster', () => {
    verifies('java-clients');
    const open = servers.map(({ brokerAddrs }) => brokerAddrs.map((address) => connectionsTo(Number(address.split(':')[1]) - 2)));
    expect(open.map((counts) => counts.some((count) => count > 0))).toEqual(clusters.map(() => true));
  });
});
