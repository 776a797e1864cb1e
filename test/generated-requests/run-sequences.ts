/** Many sequences from one seed; the first that breaks a promise is made as small as it goes, and said how to run again. */
import fc from 'fast-check';
import { requestKinds } from './catalogue.js';
import { GarbagePauses, type Hold, holdMsMax } from './metered-time.js';
import { runSequence, type SequenceCounts } from './run-sequence.js';
import { type Sequence, sequences } from './sequences.js';

export interface RunOptions {
  readonly seed: number;
  readonly count: number;
  /** Ends earlier, with what was played until then. Default: no limit. */
  readonly limitMs?: number | undefined;
  /** Of a failure, as it was printed: runs that sequence first. */
  readonly path?: string | undefined;
  /** Default: false. */
  readonly judgesMemory?: boolean | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
}

export interface RunReport {
  /** What was broken, the smallest sequence that was found, and how to run it again; undefined: nothing. */
  readonly failure: string | undefined;
  readonly counts: SequenceCounts & { sequences: number; codes: number };
  /** Turns of the event loop longer than 50 ms, and the longest. */
  readonly holds: readonly Hold[];
  readonly longest: Hold;
}

class Broken extends Error {}

export async function runSequences({ count, judgesMemory, limitMs, onProgress, path, seed }: RunOptions): Promise<RunReport> {
  const counts = {
    sequences: 0,
    codes: 0,
    requests: 0,
    answered: 0,
    successes: 0,
    damagedFrames: 0,
    acked: 0,
    refused: 0,
    unknown: 0,
    restarts: 0,
  };
  const codes = new Set<number>();
  const holds: Hold[] = [];
  let longest: Hold = { label: '', beganAt: 0, heldMs: 0 };
  const garbage = new GarbagePauses();
  garbage.start();
  const property = fc.asyncProperty(sequences, async (sequence) => {
    const report = await runSequence(sequence, judgesMemory);
    for (const key of Object.keys(report.counts) as (keyof SequenceCounts)[]) counts[key] += report.counts[key];
    counts.sequences += 1;
    for (const code of codesOf(sequence)) codes.add(code);
    for (const hold of [...report.holds, report.longest].map((one) => garbage.without(one))) {
      if (hold.heldMs > longest.heldMs) longest = hold;
      if (hold.heldMs > holdMsMax && hold.beganAt !== holds.at(-1)?.beganAt) holds.push(hold);
    }
    garbage.forget();
    if (report.violations.length > 0) throw new Broken(report.violations.slice(0, 10).join('\n'));
    onProgress?.(counts.sequences);
  });
  const checked = await fc.check(property, {
    seed,
    numRuns: count,
    ...(path === undefined ? {} : { path }),
    ...(limitMs === undefined ? {} : { interruptAfterTimeLimit: limitMs }),
  });
  garbage.stop();
  counts.codes = codes.size;
  if (!checked.failed) return { failure: undefined, counts, holds, longest };
  const [sequence] = checked.counterexample ?? [];
  const failure = [
    String(checked.errorInstance),
    `the smallest sequence (${checked.numShrinks} times smaller):`,
    ...(sequence === undefined ? [] : linesOf(sequence)),
    `again: npm run torture -- requests --sequences 1 --seed ${seed} --path ${checked.counterexamplePath}`,
  ].join('\n');
  return { failure, counts, holds, longest };
}

/** A line per step. */
function linesOf({ seed, steps }: Sequence): string[] {
  return [`seed ${seed}`, ...steps.map((step) => JSON.stringify(step))];
}

function codesOf({ steps }: Sequence): number[] {
  return steps.flatMap((step) => (step.do === 'pass' ? [] : step.asks.map(({ code }) => code)));
}

/** How many different codes a run of any length can send. */
export const codeCount = new Set(requestKinds.map(({ code }) => code)).size;
