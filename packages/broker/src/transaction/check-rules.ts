import { parseJavaInt } from '../schedule/parse-java-int.js';

/** What a round of checks does with an undecided half (Java: TransactionalMessageServiceImpl.check; page 07 §3). */
export type CheckVerdict =
  /** Too young, and so are all behind it: the round is over. */
  | 'stop'
  /** Its producer asked not to be asked yet: written again at the tail, so that the queue can move on. */
  | 'renew'
  /** Nobody decided it in time: parked. */
  | 'discard'
  /** Written again at the tail, and its producer is asked. */
  | 'check';

export interface CheckFacts {
  readonly now: number;
  /** By the producer's clock. */
  readonly bornTimestamp: number;
  readonly checkTimes: number;
  /** CHECK_IMMUNITY_TIME_IN_SECONDS, when the message has it. */
  readonly immunity: string | undefined;
  /** transactionTimeOut, ms. */
  readonly timeoutMs: number;
  /** transactionCheckMax. */
  readonly checkMax: number;
}

/** Java: fileReservedTime's default of 72 hours; an older half would soon be deleted with its log file. */
const ageMaxMs = 72 * 3_600_000;

/** How long a half is left alone after its birth, ms; -1 or what is no number means transactionTimeOut. */
export function immunityMs(immunity: string | undefined, timeoutMs: number): number {
  const seconds = immunity === undefined ? -1 : (parseJavaInt(immunity) ?? -1);
  return seconds === -1 ? timeoutMs : seconds * 1000;
}

/**
 * What a round does with a half that was there when it began. Unlike Java's, a round within the immunity time does not count as a check
 * (page 07, trap 13); a half that seems old is asked about once before it is parked, since its age may be a wrong clock; and no look is
 * taken at when it was stored, so that a clock that was set back holds up no check. No immunity is longer than the time after which
 * Java discards, before it looks at the immunity: a half would else be written again for ever.
 */
export function verdictOf(facts: CheckFacts): CheckVerdict {
  const ageMs = facts.now - facts.bornTimestamp;
  if (facts.checkTimes >= facts.checkMax || (facts.checkTimes > 0 && ageMs > ageMaxMs)) return 'discard';
  const isImmune = Math.abs(ageMs) <= ageMaxMs && ageMs < immunityMs(facts.immunity, facts.timeoutMs);
  if (facts.immunity !== undefined) return isImmune ? 'renew' : 'check';
  // A birth in the future is the producer's clock, not youth.
  return isImmune && ageMs >= 0 ? 'stop' : 'check';
}

/** A commit or rollback that comes after the immunity time has passed: the check decides instead (5.x answers 604). */
export function isDecisionTooLate(facts: Pick<CheckFacts, 'now' | 'bornTimestamp' | 'immunity' | 'timeoutMs'>): boolean {
  if (facts.immunity === undefined) return false;
  return facts.now - facts.bornTimestamp >= immunityMs(facts.immunity, facts.timeoutMs);
}
