import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';
import { startApacheServer } from './apache/apache-server.js';
import { type ApacheVersion, apacheMissing, apacheVersions } from './apache/distribution.js';
import { failureProbe } from './failures/failure-probe.js';
import type { MqServer } from './mq-server.js';
import { startOrbitServer } from './orbit-server.js';

const config = {
  messageDelayLevel: '1s 2s 3s',
  transactionCheckMax: '2',
  transactionCheckInterval: '1000',
  transactionTimeOut: '1000',
};

const groups = [
  { groupName: 'probe-policy', groupRetryPolicy: { type: 'CUSTOMIZED', customizedRetryPolicy: { next: [3_600_000] } } },
  { groupName: 'probe-queues', retryQueueNums: 4 },
  { groupName: 'probe-none', retryQueueNums: 0 },
];

async function makeGroups({ brokerAddr }: MqServer): Promise<void> {
  const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  try {
    for (const group of groups) {
      const body = Buffer.from(JSON.stringify(group));
      const request = createRequest(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, { body });
      expect((await client.invoke(brokerAddr, request, { timeoutMs: 10_000 })).code).toBe(ResponseCode.SUCCESS);
    }
  } finally {
    await client.stop();
  }
}

/** What the brokers of both versions do with messages that fail and transactions that nobody decides, seen by its own client. */
const apacheLines: Readonly<Record<string, string>> = {
  tries: 'probe-dead/0/null probe-dead/1/3 probe-dead/2/3',
  'retry topic': 'perm 6 read 1 write 1',
  'dead-letter topic': 'perm 6 read 1 write 1',
  'dead letter': '%DLQ%probe-dead-group/3/0 probe-dead dead true true',
  'brought back by 36': 'probe-dead/4/1',
  'brought back by 309': 'CR_SUCCESS %DLQ%probe-dead-group/3/0',
  'dead letters at last': '1',
  batch: 'a0 b0 c0 c1 d0 d1',
  'retry policy': 'probe-policy-topic/0/null probe-policy-topic/1/3',
  'retry queues': 'q0-0 q0-1 q1-0 q1-1 q2-0 q2-1 q3-0 q3-1 q4-0 q4-1 q5-0 q5-1 q6-0 q6-1 q7-0 q7-1 perm 6 read 4 write 4',
  'no retry queue': 'tries 1 dead letter false',
  levels: 'probe-levels/0/1 probe-levels/0/2 probe-levels/0/3 probe-levels/0/3 probe-levels/0/null early 0',
  committed: 'a-commit0 c-checked0 plain0',
  checks: 'a false b false d 2',
  parked: 'd-never probe-decided 2',
  resumed: 'true a-commit0 c-checked0 d-never0 plain0',
  'resumed again': 'true a-commit0 c-checked0 d-never0 d-never0 plain0',
};

/** The differences, each in docs/compatibility.md: nothing is lost, and nothing is committed twice. */
const ourLines: Readonly<Record<string, string>> = {
  ...apacheLines,
  'no retry queue': 'tries 1 dead letter true',
  'resumed again': 'false a-commit0 c-checked0 d-never0 plain0',
};

/** One program of an official client against the broker of its version and against ours; all at once, since they mostly wait. */
describe.skipIf(apacheMissing() !== undefined)('failed messages and undecided transactions', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  const cells: { readonly client: ApacheVersion; readonly server: MqServer; readonly expected: typeof ourLines }[] = [];

  beforeAll(async () => {
    directory = await temporaryDirectory('failures');
    await Promise.all(
      apacheVersions.map(async (client) => {
        const home = `${directory.path}/${client}`;
        const apache = await startApacheServer(client, `${home}/apache`, config);
        cells.push({ client, server: apache, expected: apacheLines });
        const ours = await startOrbitServer(`${home}/ours`, config);
        cells.push({ client, server: ours, expected: ourLines });
        await Promise.all([apache, ours].map(makeGroups));
      }),
    );
  }, 180_000);

  afterAll(async () => {
    await Promise.all(cells.map(({ server }) => server.stop()));
    await directory?.remove();
  }, 60_000);

  it("are at our broker what they are at Apache's, but for what is lost or done twice there", async () => {
    verifies('retry', 'dead-letter', 'delay-level', 'transaction-check', 'transaction-once', 'java-clients');
    await Promise.all(
      cells.map(async ({ client, server, expected }, index) => {
        const lines = await failureProbe(client, server.namesrvAddr, `${directory.path}/client-${index}`);
        expect(lines, `client ${client} at ${server.name}`).toEqual(expected);
      }),
    );
  }, 180_000);
});
