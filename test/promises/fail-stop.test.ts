/** The device under the log of a real broker fails once: nothing is acknowledged on top of it, and the process says so and ends. */
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { judge } from '../durability/ack-journal.js';
import { type Load, load, readAll, type Sending } from '../durability/journal-load.js';
import { ended, startBroker } from '../support/broker-process.js';
import type { Child } from '../support/child.js';
import { CleanUps } from '../support/clean-ups.js';
import { freePort } from '../support/free-port.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';

const limitMs = 60_000;
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

/** Sends until the broker does not store what is sent. */
const sent: Load = { lanes: 32, bodyBytesMax: 2000, pauseMs: ({ kind }) => (kind === 'stored' ? 0 : undefined) };

function startFailing(directory: string, port: number, fault: string, config: Readonly<Record<string, string>>): Promise<Child> {
  const preload = new URL('./failing-log-file.ts', import.meta.url).href;
  return startBroker({
    directory,
    port,
    config,
    nodeFlags: ['--import', 'tsx', '--import', preload],
    env: { FAILING_LOG: fault },
  });
}

const soonFlushed = { flushIntervalConsumeQueue: '50', flushConsumeQueueThoroughInterval: '100' };

const faults = [
  { name: 'a flush that fails once, with the bytes in the page cache', fault: 'flush', code: 'EIO', config: {} },
  { name: 'a write that fails', fault: 'write', code: 'EIO', config: {} },
  {
    name: 'the interval flush of ASYNC_FLUSH',
    fault: 'interval-flush',
    code: 'EIO',
    config: { flushDiskType: 'ASYNC_FLUSH', flushIntervalCommitLog: '50' },
  },
  { name: 'a write of a queue file', fault: 'queue-write', code: 'EIO', config: soonFlushed },
  { name: 'a flush of a queue file', fault: 'queue-flush', code: 'EIO', config: soonFlushed },
  { name: 'a write of a state file', fault: 'state-write', code: 'EIO', config: soonFlushed },
];

test.each(faults)(
  '$name: no acknowledgement after it, a message, status 1, and the next start finds what was promised',
  async ({ fault, code, config }) => {
    verifies('fail-stop');
    const directory = await cleanUps.directory('fail-stop');
    const port = await freePort(2);
    const address = `127.0.0.1:${port}`;
    const broker = cleanUps.child(await startFailing(directory, port, fault, config));
    const journal: Sending[] = [];
    const loading = load(address, journal, sent, () => broker.exit !== undefined);
    const ackedCount = (): number => journal.filter(({ ackedAt }) => ackedAt !== undefined).length;
    await waitUntil('the load runs', limitMs, () => ackedCount() >= 300 || undefined);
    broker.process.kill('SIGUSR2');
    const { status, output } = await ended(broker);
    await loading;

    expect(status, output).toBe(1);
    expect(output).toMatch(new RegExp(`stopping: Cannot .*${join(directory, 'store')}.*${code}.*; `));
    const failedAt = /LOG FAILED at (\S+)/.exec(output)?.[1];
    expect(output).not.toContain('LOG WRITTEN after');
    expect(failedAt).toBeDefined();
    if (fault === 'flush' || fault === 'write') {
      const places = journal.flatMap(({ outcome }) => (outcome?.kind === 'stored' ? [outcome.physicalOffset] : []));
      expect(Math.max(...places)).toBeLessThan(Number(failedAt));
    }
    // Whoever was in flight was told that it is unknown or refused, nobody was left without an end.
    expect(journal.every(({ outcome }) => outcome !== undefined)).toBe(true);
    expect(journal.some(({ outcome }) => outcome?.kind !== 'stored')).toBe(true);

    const again = cleanUps.child(await startBroker({ directory, port }));
    expect(judge(journal, await readAll(address)).violations.slice(0, 10)).toEqual([]);
    expect(await again.kill('SIGTERM')).toBe(0);
  },
  limitMs,
);
