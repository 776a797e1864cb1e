import { type Environment, InvariantError, sleep } from '@orbitmq/core/kernel';

/** How often a record is read before it is left out, a second apart; Java tries three times and does not wait. */
export const readTriesMax = 10;
const readRetryMs = 1000;

/** Reads what is at each place, in their order. Calls `onFailed` for those that it could not read. False ends the rounds. */
export type ReadRound = (places: ArrayLike<number>, onFailed: (place: number, error: unknown) => void) => Promise<boolean>;

export interface ReadInRoundsDeps {
  readonly environment: Environment;
  readonly isStopped: () => boolean;
}

/**
 * Reads each place, and in the next round those that could not be read: a place that a disk cannot read any more costs ten seconds,
 * however many of them there are, and holds up none that it can. Returns those that failed each time; undefined when it was ended before.
 */
export async function readInRounds(
  { environment, isStopped }: ReadInRoundsDeps,
  places: ArrayLike<number>,
  round: ReadRound,
): Promise<readonly number[] | undefined> {
  let open = places;
  for (let tries = 1; ; tries += 1) {
    const failed: number[] = [];
    let firstError: unknown;
    const isWhole = await round(open, (place, error) => {
      if (error instanceof InvariantError) throw error;
      firstError ??= error;
      failed.push(place);
    });
    if (!isWhole) return undefined;
    if (failed.length === 0) return failed;
    const logged = { count: failed.length, tries, error: firstError };
    environment.logger.error('records of timed messages cannot be read', logged);
    if (tries === readTriesMax) return failed;
    if (isStopped()) return undefined;
    await sleep(environment.timers, readRetryMs);
    open = failed;
  }
}
