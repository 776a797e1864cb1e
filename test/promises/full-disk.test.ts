/** A real broker on a real disk of 128 MiB that others fill while it is sent to: it refuses, serves, goes on, and loses nothing. */
import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { afterEach, expect, test } from 'vitest';
import { judge } from '../durability/ack-journal.js';
import { type Load, load, readAll, type Sending } from '../durability/journal-load.js';
import type { SendOutcome } from '../support/broker-calls.js';
import { startBroker } from '../support/broker-process.js';
import { CleanUps } from '../support/clean-ups.js';
import { freePort } from '../support/free-port.js';
import { SmallDisk } from '../support/small-disk.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';

const mebibyte = 1_048_576;
const diskBytes = 128 * mebibyte;
const limitMs = 120_000;
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

/** Sends also when it is refused; `pauseMs` after a send that was stored. */
function sends(bodyBytesMax: number, pauseMs: number): Load {
  return { lanes: 16, bodyBytesMax, pauseMs: ({ kind }) => (kind === 'stored' ? pauseMs : 10) };
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
    sent: sends(200_000, 0),
    sendCount: 60,
    fill: (disk: SmallDisk) => disk.fill('others'),
    isToldOf: 'there is no room on the disk',
  },
  {
    name: 'to the last byte, ASYNC_FLUSH',
    flushDiskType: 'ASYNC_FLUSH',
    sent: sends(200_000, 0),
    sendCount: 60,
    fill: (disk: SmallDisk) => disk.fill('others'),
    isToldOf: 'there is no room on the disk',
  },
  {
    name: 'above 90 percent',
    flushDiskType: 'SYNC_FLUSH',
    // Slow enough that the broker looks at the disk, every second, long before the last tenth of it is full.
    sent: sends(1000, 10),
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
