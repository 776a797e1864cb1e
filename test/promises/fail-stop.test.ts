/** The device under the log of a real broker fails once: nothing is acknowledged on top of it, and the process says so and ends. */
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type JournalEntry, judge, type StoredMessage, sealedBody } from '../durability/ack-journal.js';
import { BrokerCalls, type SendOutcome } from '../support/broker-calls.js';
import { ended, startBroker } from '../support/broker-process.js';
import type { Child } from '../support/child.js';
import { CleanUps } from '../support/clean-ups.js';
import { freePort } from '../support/free-port.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';

const topic = 'journal';
const queueCount = 4;
const lanesPerConnection = 16;
const limitMs = 60_000;
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

interface Sending extends JournalEntry {
  outcome: SendOutcome | undefined;
}

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

/** Keeps sends open on two connections until the broker is gone, and writes down how each ended. */
async function load(address: string, journal: Sending[], isOver: () => boolean): Promise<void> {
  const connections = await Promise.all([BrokerCalls.connect(address), BrokerCalls.connect(address)]);
  const lanes = Array.from({ length: connections.length * lanesPerConnection }, async (_, lane) => {
    const calls = connections[lane % connections.length] as BrokerCalls;
    while (!isOver()) {
      const body = sealedBody(`${journal.length} ${'x'.repeat((journal.length * 37) % 2000)}`);
      const queueId = lane % queueCount;
      const entry: Sending = { ...begun(body, queueId), outcome: undefined };
      journal.push(entry);
      const outcome = await calls.send(topic, queueId, body);
      entry.outcome = outcome;
      entry.refused = outcome.kind === 'refused';
      if (outcome.kind !== 'stored') break;
      entry.queueOffset = outcome.queueOffset;
      entry.ackedAt = performance.now();
    }
  });
  await Promise.all(lanes);
  await Promise.all(connections.map((calls) => calls.stop()));
}

function begun(body: string, queueId: number): JournalEntry {
  return { body, queueId, begunAt: performance.now(), ackedAt: undefined, queueOffset: undefined, refused: false };
}

async function readAll(address: string): Promise<readonly StoredMessage[]> {
  const calls = await BrokerCalls.connect(address);
  const stored: StoredMessage[] = [];
  for (let queueId = 0; queueId < queueCount; queueId += 1) {
    for (const { queueOffset, body } of await calls.read(topic, queueId)) {
      stored.push({ queueId, queueOffset, body: body.toString() });
    }
  }
  await calls.stop();
  return stored;
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
    const loading = load(address, journal, () => broker.exit !== undefined);
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
