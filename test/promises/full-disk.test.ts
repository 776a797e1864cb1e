/** A real broker on a real disk of 128 MiB that others fill while it is sent to: it refuses, serves, goes on, and loses nothing. */
import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { afterEach, expect, test } from 'vitest';
import { type JournalEntry, judge, type StoredMessage, sealedBody } from '../durability/ack-journal.js';
import { BrokerCalls, type SendOutcome } from '../support/broker-calls.js';
import { startBroker } from '../support/broker-process.js';
import { CleanUps } from '../support/clean-ups.js';
import { freePort } from '../support/free-port.js';
import { SmallDisk } from '../support/small-disk.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';

const mebibyte = 1_048_576;
const diskBytes = 128 * mebibyte;
const topic = 'journal';
const queueCount = 4;
const lanesPerConnection = 8;
const limitMs = 120_000;
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

interface Sending extends JournalEntry {
  outcome: SendOutcome | undefined;
}

interface Load {
  readonly bodyBytesMax: number;
  /** Of each lane, after a send that was stored. */
  readonly pauseMs: number;
}

/** Sends on two connections until it is over, also when it is refused, and writes down how each send ended. */
async function load(address: string, journal: Sending[], { bodyBytesMax, pauseMs }: Load, isOver: () => boolean): Promise<void> {
  const connections = await Promise.all([BrokerCalls.connect(address), BrokerCalls.connect(address)]);
  const lanes = Array.from({ length: connections.length * lanesPerConnection }, async (_, lane) => {
    const calls = connections[lane % connections.length] as BrokerCalls;
    while (!isOver()) {
      const body = sealedBody(`${journal.length} ${'x'.repeat((journal.length * 3701) % bodyBytesMax)}`);
      const queueId = lane % queueCount;
      const entry: Sending = {
        body,
        queueId,
        begunAt: performance.now(),
        ackedAt: undefined,
        queueOffset: undefined,
        refused: false,
        outcome: undefined,
      };
      journal.push(entry);
      const outcome = await calls.send(topic, queueId, body);
      entry.outcome = outcome;
      entry.refused = outcome.kind === 'refused';
      if (outcome.kind === 'stored') {
        entry.queueOffset = outcome.queueOffset;
        entry.ackedAt = performance.now();
      }
      const waitMs = outcome.kind === 'stored' ? pauseMs : 10;
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  });
  await Promise.all(lanes);
  await Promise.all(connections.map((calls) => calls.stop()));
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

async function heartbeat(address: string): Promise<number> {
  const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  const body = Buffer.from(
    JSON.stringify({ clientID: 'beating', producerDataSet: [{ groupName: 'beats' }], consumerDataSet: [] }),
  );
  const answer = await client.invoke(address, createRequest(RequestCode.HEART_BEAT, { extFields: {}, body }), {
    timeoutMs: 5000,
  });
  await client.stop();
  return answer.code;
}

const fillings = [
  {
    // Writes are too large for space to be reserved ahead of them: one of them finds none.
    name: 'to the last byte',
    flushDiskType: 'SYNC_FLUSH',
    sent: { bodyBytesMax: 200_000, pauseMs: 0 },
    sendCount: 60,
    fill: (disk: SmallDisk) => disk.fill('others'),
    isToldOf: 'there is no room on the disk',
  },
  {
    name: 'to the last byte, ASYNC_FLUSH',
    flushDiskType: 'ASYNC_FLUSH',
    sent: { bodyBytesMax: 200_000, pauseMs: 0 },
    sendCount: 60,
    fill: (disk: SmallDisk) => disk.fill('others'),
    isToldOf: 'there is no room on the disk',
  },
  {
    name: 'above 90 percent',
    flushDiskType: 'SYNC_FLUSH',
    // Slow enough that the broker looks at the disk, every second, long before the last tenth of it is full.
    sent: { bodyBytesMax: 1000, pauseMs: 10 },
    sendCount: 300,
    fill: (disk: SmallDisk) => disk.fillTo('others', 0.92),
    isToldOf: 'the disk is nearly full',
  },
] as const;

test.each(fillings)(
  'others fill the disk $name: refusals, reads, heartbeats; then sends go on, and a kill -9 loses nothing',
  async ({ fill, flushDiskType, isToldOf, sendCount, sent }) => {
    verifies('full-disk');
    const disk = SmallDisk.mount(diskBytes);
    if (disk === undefined) return;
    cleanUps.add(async () => disk.unmount());
    disk.fillTo('ballast', 0.5);
    const port = await freePort(2);
    const address = `127.0.0.1:${port}`;
    const config = {
      mappedFileSizeCommitLog: String(4 * mebibyte),
      flushDiskType,
      // What was acknowledged must be there at the end: nothing is deleted to make room.
      cleanFileForciblyEnable: 'false',
      flushConsumeQueueThoroughInterval: '500',
    };
    const options = { directory: disk.path, port, config };
    const broker = cleanUps.child(await startBroker(options));
    const journal: Sending[] = [];
    let isOver = false;
    const loading = load(address, journal, sent, () => isOver || broker.exit !== undefined);
    const countOf = (kind: SendOutcome['kind']): number => journal.filter(({ outcome }) => outcome?.kind === kind).length;
    await waitUntil('the load runs', limitMs, () => countOf('stored') >= sendCount || undefined);

    fill(disk);
    await waitUntil('sends are refused', limitMs, () => countOf('refused') >= 50 || undefined);
    const refusal = journal.find(({ outcome }) => outcome?.kind === 'refused')?.outcome;
    expect(refusal).toMatchObject({ code: ResponseCode.SERVICE_NOT_AVAILABLE, remark: expect.stringContaining('disk is full') });
    // What is asked for now was acknowledged before: the load only meets refusals.
    const ackedBefore = journal.filter(({ ackedAt }) => ackedAt !== undefined).length;
    expect((await readAll(address)).length).toBeGreaterThanOrEqual(ackedBefore);
    expect(await heartbeat(address)).toBe(ResponseCode.SUCCESS);
    expect(broker.exit).toBeUndefined();
    expect(broker.output).toContain(isToldOf);

    disk.remove('others');
    disk.remove('ballast');
    const storedBefore = countOf('stored');
    await waitUntil('sends are taken again', limitMs, () => countOf('stored') >= storedBefore + sendCount || undefined);
    await broker.kill('SIGKILL');
    isOver = true;
    await loading;
    const again = cleanUps.child(await startBroker(options));
    const verdict = judge(journal, await readAll(address));
    expect(verdict.violations.slice(0, 10), broker.output).toEqual([]);
    expect(await again.kill('SIGTERM')).toBe(0);
  },
  limitMs,
);
