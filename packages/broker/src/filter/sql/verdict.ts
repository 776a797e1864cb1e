/** What an expression says about a message. Only TRUE lets it pass; ERROR is what RocketMQ's evaluation throws at. */
export const Verdict = { FALSE: 0, TRUE: 1, NULL: 2, ERROR: 3 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

const negated: readonly Verdict[] = [Verdict.TRUE, Verdict.FALSE, Verdict.NULL, Verdict.ERROR];

export function not(verdict: Verdict): Verdict {
  return negated[verdict] as Verdict;
}

export function verdictOf(isTrue: boolean): Verdict {
  return isTrue ? Verdict.TRUE : Verdict.FALSE;
}
