/** A numeric option: its default and its bounds. */
interface NumberRange {
  readonly byDefault: number;
  readonly min: number;
  readonly max: number;
}

type Ranges = Readonly<Record<string, NumberRange>>;
type Given<R extends Ranges> = { readonly [Name in keyof R]?: number | undefined };

/** The options with defaults filled in. */
export function withDefaults<R extends Ranges>(ranges: R, given: Given<R>): { readonly [Name in keyof R]: number } {
  const entries = Object.entries(ranges).map(([name, range]) => [name, given[name] ?? range.byDefault]);
  return Object.fromEntries(entries) as { readonly [Name in keyof R]: number };
}

/** One sentence for each option outside its bounds. */
export function numberProblems<R extends Ranges>(ranges: R, given: Given<R>): string[] {
  const problems: string[] = [];
  for (const [name, { min, max }] of Object.entries(ranges)) {
    const value = given[name];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < min || value > max)
      problems.push(`${name} is ${value}, not an integer from ${min} to ${max}`);
  }
  return problems;
}
