/** The long forms of what CI does shortly: generated requests, and everything at once. Each says what it found and counts failures. */
import { type Progress, runSequences } from '../generated-requests/run-sequences.js';
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
const progressEvery = 250;
const command = 'npm run torture -- requests --sequences 1';
const mebibyte = 1024 * 1024;

export async function generatedRequests(
  { minutes, path, seed = '1', sequences = sequencesDefault }: LongRunValues,
  tell: Tell,
): Promise<number> {
  let done = 0;
  // An error that nobody catches ends the process: with it goes what runs the sequence again.
  const onCrash = (): void => tell(`again: ${command} --seed ${seed} --path ${path ?? done}`);
  process.once('uncaughtExceptionMonitor', onCrash);
  const { counts, failure, holds, longest } = await runSequences({
    seed: Number(seed),
    path,
    count: Number(sequences),
    limitMs: minutes === undefined ? undefined : Number(minutes) * 60_000,
    onViolation: (text, at) => {
      tell(`${text}\nagain: ${command} --seed ${seed} --path ${at}\nlooking for a smaller one`);
    },
    onProgress: (progress) => {
      done = progress.sequences;
      if (done % progressEvery === 0) tell(progressText(progress));
    },
  });
  process.off('uncaughtExceptionMonitor', onCrash);
  tell(`seed ${seed}: ${JSON.stringify(counts)}`);
  tell(
    `the longest turn took ${longest.heldMs.toFixed(1)} ms (${longest.label.slice(0, 120)}); ${holds.length} took longer than 50 ms`,
  );
  for (const { heldMs, label } of holds.slice(0, 10)) tell(`${heldMs.toFixed(1)} ms: ${label.slice(0, 200)}`);
  if (failure === undefined) return 0;
  tell(failure);
  return 1;
}

function progressText({ longest, requests, sequences, steps }: Progress): string {
  const { arrayBuffers, heapUsed, rss } = process.memoryUsage();
  const inMebibytes = (bytes: number): string => `${Math.round(bytes / mebibyte)} MiB`;
  const memory = `${inMebibytes(rss)} resident, ${inMebibytes(heapUsed)} of heap, ${inMebibytes(arrayBuffers)} of buffers`;
  const turn = `longest turn ${longest.heldMs.toFixed(1)} ms (${longest.label.slice(0, 60)})`;
  return `${sequences} sequences, ${steps} steps, ${requests} requests, ${turn}, ${memory}`;
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
      timed: { pauseMs: 150, delayMsMax: 90_000 },
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
