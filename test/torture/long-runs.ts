/** The long forms of what CI does shortly: generated requests, and everything at once. Each says what it found and counts failures. */
import { runSequences } from '../generated-requests/run-sequences.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { mixedLoad, mixedLoadText } from './mixed-load.js';

export interface LongRunValues {
  readonly seed?: string | undefined;
  readonly path?: string | undefined;
  readonly sequences?: string | undefined;
  readonly minutes?: string | undefined;
}

type Tell = (text: string) => void;

const sequencesDefault = '10000';
const minutesDefault = '30';
const progressEvery = 1000;

export async function generatedRequests(
  { minutes, path, seed = '1', sequences = sequencesDefault }: LongRunValues,
  tell: Tell,
): Promise<number> {
  const { counts, failure, holds, longest } = await runSequences({
    judgesMemory: true,
    seed: Number(seed),
    path,
    count: Number(sequences),
    limitMs: minutes === undefined ? undefined : Number(minutes) * 60_000,
    onProgress: (done) => {
      if (done % progressEvery === 0) tell(`${done} sequences`);
    },
  });
  tell(`seed ${seed}: ${JSON.stringify(counts)}`);
  tell(
    `the longest turn took ${longest.heldMs.toFixed(1)} ms (${longest.label.slice(0, 120)}); ${holds.length} took longer than 50 ms`,
  );
  for (const { heldMs, label } of holds.slice(0, 10)) tell(`${heldMs.toFixed(1)} ms: ${label.slice(0, 200)}`);
  if (failure === undefined) return 0;
  tell(failure);
  return 1;
}

export async function mixed({ minutes = minutesDefault, seed = '1' }: LongRunValues, tell: Tell): Promise<number> {
  const directory = await temporaryDirectory('mixed');
  try {
    const report = await mixedLoad({
      directory: directory.path,
      seed: Number(seed),
      lifeMs: Number(minutes) * 60_000,
      quietMs: 45_000,
      shopPauseMs: 60,
      lanePauseMs: 10,
      restartEveryMs: 45_000,
      rebalanceEveryMs: 20_000,
      isHealthJudged: true,
      areDuplicatesJudged: true,
      onProgress: tell,
    });
    tell(mixedLoadText(report));
    return report.violations.length;
  } finally {
    await directory.remove();
  }
}
