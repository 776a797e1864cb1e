/** A broker under load that is ended again and again, with a journal of what it acknowledged. */
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type OrbitServer, startOrbitServer } from '../interop/orbit-server.js';
import { waitUntil } from '../support/wait-until.js';
import { judge, type Verdict } from './ack-journal.js';
import { type Load, load, readAll, type Sending } from './journal-load.js';

/** A round without acknowledgements would show nothing, however slow the machine. */
const ackedPerRoundMin = 100;

/** Sends at once whatever became of the one before. */
export const restless: Load = {
  lanes: 64,
  bodyBytesMax: 2000,
  timeoutMs: 3000,
  pauseMs: ({ kind }) => (kind === 'unknown' ? 1 : 0),
};

export interface RoundsOptions {
  readonly rounds: number;
  /** Of the broker's configuration and, by default, its store. */
  readonly directory: string;
  readonly overrides?: Readonly<Record<string, string>>;
  /** Ends the broker and starts it again. Default: SIGKILL. */
  readonly end?: (server: OrbitServer) => Promise<void>;
  readonly onRound?: (round: number, verdict: Verdict) => void;
}

/** Rounds of load and end; stops at the first violation. The verdict is over all rounds. */
export async function endUnderLoad(options: RoundsOptions): Promise<Verdict> {
  const { directory, onRound, rounds } = options;
  const end = options.end ?? ((server) => server.restartBroker('SIGKILL'));
  const server = await startOrbitServer(directory, { mappedFileSizeCommitLog: String(4 << 20), ...options.overrides });
  const journal: Sending[] = [];
  let verdict = judge(journal, []);
  try {
    for (let round = 0; round < rounds && verdict.violations.length === 0; round += 1) {
      let isStopped = false;
      const loading = load(server.brokerAddr, journal, restless, () => isStopped);
      const enough = verdict.acked + ackedPerRoundMin;
      const acked = (): number => journal.filter(({ ackedAt }) => ackedAt !== undefined).length;
      await waitUntil('the broker acknowledges', 60_000, () => acked() >= enough || undefined);
      await pause(randomInt(10, 800));
      const ended = end(server);
      await pause(5);
      isStopped = true;
      await Promise.all([ended, loading]);
      verdict = judge(journal, await readAll(server.brokerAddr));
      onRound?.(round, verdict);
    }
  } finally {
    await server.stop();
  }
  return verdict;
}
