/** Recovery is a function of the directory. */
import { expect, test } from 'vitest';
import { verifies } from '../support/verifies.js';
import { crashedRecoveries, type SameCounts, sameRecoveries } from './same-recovery.js';
import { workloads } from './workloads.js';

test.each(workloads)(
  '$name: two recoveries of one crash leave the same bytes, and a third start changes none',
  async (workload) => {
    verifies('durable-kill');
    const counts: SameCounts = { recoveries: 0 };
    await sameRecoveries(workload, 8, counts);
    expect(counts.recoveries).toBeGreaterThanOrEqual(8);
  },
);

test('a recovery that crashed is done again, and leaves the same bytes', async () => {
  verifies('durable-kill');
  const counts: SameCounts = { recoveries: 0 };
  await crashedRecoveries(5, counts);
  expect(counts.recoveries).toBeGreaterThan(30);
});
