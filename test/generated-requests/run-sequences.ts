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
  /** Of a failure, as it was printed: `count` sequences from that one on, and no smaller ones. */
  readonly path?: string | undefined;
  /** The first one, before it is made smaller; `path` runs it again. */
  readonly onViolation?: ((text: string, path: string) => void) | undefined;
  /** After each sequence that broke nothing. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Progress {
  readonly sequences: number;
  readonly steps: number;
  readonly requests: number;
  readonly longest: Hold;
}

export interface RunReport {
  /** What was broken, the smallest sequence that was found, and how to run it again; undefined: nothing. */
  readonly failure: string | undefined;
  readonly counts: SequenceCounts & { sequences: number; steps: number; codes: number };
  /** Turns of the event loop longer than 50 ms, and the longest. */
  readonly holds: readonly Hold[];
  readonly longest: Hold;
}

class Broken extends Error {}

export async function runSequences({ count, limitMs, onProgress, onViolation, path, seed }: RunOptions): Promise<RunReport> {
  const counts = {
    sequences: 0,
    steps: 0,
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
  let isBroken = false;
  let longest: Hold = { label: '', beganAt: 0, heldMs: 0 };
  const garbage = new GarbagePauses();
  garbage.start();
  const property = fc.asyncProperty(sequences, async (sequence) => {
    // A path names a sequence and those after it.
    if (path !== undefined && counts.sequences >= count) return;
    const report = await runSequence(sequence);
    for (const key of Object.keys(report.counts) as (keyof SequenceCounts)[]) counts[key] += report.counts[key];
    counts.sequences += 1;
    counts.steps += sequence.steps.length;
    for (const code of codesOf(sequence)) codes.add(code);
    for (const hold of [...report.holds, report.longest].map((one) => garbage.without(one))) {
      if (hold.heldMs > longest.heldMs) longest = hold;
      if (hold.heldMs > holdMsMax && hold.beganAt !== holds.at(-1)?.beganAt) holds.push(hold);
    }
    garbage.forget();
    if (report.violations.length > 0) {
      const text = report.violations.slice(0, 10).join('\n');
      // Making it smaller takes long.
      if (!isBroken) onViolation?.(text, path ?? String(counts.sequences - 1));
      isBroken = true;
      throw new Broken(text);
    }
    onProgress?.({ ...counts, longest });
  });
  const checked = await fc.check(property, {
    seed,
    numRuns: count,
    ...(path === undefined ? {} : { path, endOnFailure: true }),
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
