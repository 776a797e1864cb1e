/** Rounds with real processes on a real disk: the long forms of what CI does shortly. */

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { judge, type Verdict } from '../durability/ack-journal.js';
import { endUnderLoad, restless } from '../durability/end-under-load.js';
import { load, readAll, type Sending } from '../durability/journal-load.js';
import { startOrbitServer } from '../interop/orbit-server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { waitUntil } from '../support/wait-until.js';
import { LoopDisk } from './loop-disk.js';

const mebibyte = 1_048_576;

/** So many sends behind each other are refused. */
const fullRunMin = 1000;

/** After each end the whole store is read: one that grew for hundreds of rounds would spend most of their time on that. */
const roundsPerStore = 20;

type OnRound = (round: number, verdict: Verdict) => void;
type Rounds = (rounds: number, onRound: OnRound) => Promise<Verdict>;

/** Rounds on one store after the other, until one shows a violation. Each verdict is over all rounds up to then. */
async function onFreshStores(rounds: number, onRound: OnRound, run: Rounds): Promise<Verdict> {
  let total: Verdict = { acked: 0, unknown: 0, stored: 0, violations: [] };
  for (let done = 0; done < rounds && total.violations.length === 0; done += roundsPerStore) {
    const before = total;
    const count = Math.min(roundsPerStore, rounds - done);
    total = sumOf(before, await run(count, (round, verdict) => onRound(done + round, sumOf(before, verdict))));
  }
  return total;
}

function sumOf(a: Verdict, b: Verdict): Verdict {
  return {
    acked: a.acked + b.acked,
    unknown: a.unknown + b.unknown,
    stored: a.stored + b.stored,
    violations: [...a.violations, ...b.violations],
  };
}

export function killRounds(rounds: number, onRound: OnRound): Promise<Verdict> {
  return onFreshStores(rounds, onRound, async (count, onRoundOfStore) => {
    const directory = await temporaryDirectory('kill-rounds');
    const verdict = await endUnderLoad({ rounds: count, directory: directory.path, onRound: onRoundOfStore });
    await directory.remove();
    return verdict;
  });
}

/** The file system of the store loses power, then the broker is killed, the journal replayed and the broker started. */
export function powerCutRounds(rounds: number, onRound: OnRound): Promise<Verdict> {
  return onFreshStores(rounds, onRound, powerCutsOfOneStore);
}

async function powerCutsOfOneStore(rounds: number, onRound: OnRound): Promise<Verdict> {
  const directory = await temporaryDirectory('power-cuts');
  const disk = await LoopDisk.create(directory.path, 2048 * mebibyte);
  try {
    return await endUnderLoad({
      rounds,
      directory: directory.path,
      overrides: { storePathRootDir: join(disk.mountPoint, 'store') },
      end: async (server) => {
        await disk.cutPower();
        await server.restartBroker('SIGKILL', () => disk.remount());
      },
      onRound,
    });
  } finally {
    await disk.remove();
    await directory.remove();
  }
}

/**
 * A broker under load whose disk becomes full: it refuses, answers reads, stays alive, and takes messages again when there is
 * room. Returns the verdict, which counts the refused.
 */
export async function fullDisk(): Promise<Verdict> {
  const directory = await temporaryDirectory('full-disk');
  const disk = await LoopDisk.create(directory.path, 96 * mebibyte);
  try {
    return await fillAndEmpty(directory.path, disk);
  } finally {
    await disk.remove();
    await directory.remove();
  }
}

async function fillAndEmpty(directory: string, disk: LoopDisk): Promise<Verdict> {
  const ballast = join(disk.mountPoint, 'ballast');
  await writeFile(ballast, Buffer.alloc(48 * mebibyte, 1));
  const server = await startOrbitServer(directory, {
    storePathRootDir: join(disk.mountPoint, 'store'),
    mappedFileSizeCommitLog: String(4 * mebibyte),
    // Else the oldest messages would go to make room.
    cleanFileForciblyEnable: 'false',
  });
  const journal: Sending[] = [];
  let isStopped = false;
  const loading = load(server.brokerAddr, journal, restless, () => isStopped);
  try {
    const acked = (): number => journal.filter(({ ackedAt }) => ackedAt !== undefined).length;
    await waitUntil('messages are taken', 60_000, () => acked() > 100 || undefined);
    await waitUntil('the disk is full', 120_000, () => journal.at(-fullRunMin)?.refused === true || undefined);
    const whileFull = judge([...journal], await readAll(server.brokerAddr)).stored;
    if (whileFull === 0) throw new Error('a full disk kept messages from being read');
    await rm(ballast);
    const before = acked();
    await waitUntil('messages are taken again', 120_000, () => acked() > before + 100 || undefined);
    isStopped = true;
    await loading;
    if (server.brokerProcess.exit !== undefined) throw new Error(`the broker ended: ${server.brokerProcess.output}`);
    await server.restartBroker('SIGKILL');
    return judge(journal, await readAll(server.brokerAddr));
  } finally {
    isStopped = true;
    await server.stop();
  }
}
