import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';
import { startApacheServer } from './apache/apache-server.js';
import { type ApacheVersion, apacheMissing, apacheVersions } from './apache/distribution.js';
import type { MqServer } from './mq-server.js';
import { startOrbitServer } from './orbit-server.js';
import { filterRefusals } from './sql/filter-refusals.js';
import { filteredConsumers } from './sql/filtered-consumers.js';

const missing = apacheMissing();
const limitMs = 240_000;
const filteredRetry = 'pull filter-retry';
const enabled = { enablePropertyFilter: 'true', filterSupportRetry: 'true' };

describe.skipIf(missing !== undefined)('consumers with SQL92 selectors', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let ours: MqServer;

  beforeAll(async () => {
    directory = await temporaryDirectory('sql');
    ours = await startOrbitServer(`${directory.path}/ours`, enabled);
  }, limitMs);

  afterAll(async () => {
    await ours?.stop();
    await directory?.remove();
  }, limitMs);

  async function atBoth(version: ApacheVersion, run: (server: MqServer) => Promise<readonly string[]>) {
    const apache = await startApacheServer(version, `${directory.path}/${version}`, enabled);
    try {
      return { theirs: await run(apache), ours: await run(ours) };
    } finally {
      await apache.stop();
    }
  }

  test.each(apacheVersions)(
    'of %s get the same at our broker as at their own, and the same refusals',
    async (version) => {
      verifies('sql-filter', 'java-clients');
      const topic = `Filtered${version.replaceAll('.', '_')}`;
      const seen = await atBoth(version, async (server) => [
        ...(await filteredConsumers(version, server.namesrvAddr, topic, directory.path)),
        ...(await filterRefusals(server.brokerAddr, topic)),
      ]);
      const apart = (lines: readonly string[]) => lines.filter((line) => !line.startsWith(filteredRetry));
      expect(apart(seen.ours)).toEqual(apart(seen.theirs));
      // The filter over retries, which 4.9 has under `filterSupportRetry`, lets everything through in 5.5.
      const retries = (lines: readonly string[]) => lines.find((line) => line.startsWith(filteredRetry))?.slice(-1);
      expect([retries(seen.ours), retries(seen.theirs)]).toEqual(['3', version === '4.9.7' ? '3' : '4']);
      expect(seen.ours[0]).toBe('push: [late, yes, m1, m10, m4, m6, m8, m8 again]');
      expect(seen.ours).toContain('push, wrong n >: MQClientException 23');
    },
    limitMs,
  );
});
