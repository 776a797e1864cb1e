import { compileSqlFilter, SqlVerdict } from '@orbitmq/broker';
import { encodeProperties } from '@orbitmq/protocol';
import type { ExpressionRow } from './sql-expressions.js';

const letters: Readonly<Record<number, string>> = {
  [SqlVerdict.TRUE]: 'T',
  [SqlVerdict.FALSE]: 'F',
  [SqlVerdict.NULL]: 'N',
  [SqlVerdict.ERROR]: 'X',
};

/** What our filter says, in the letters of the golden file. */
export function ourVerdicts({ expression, sets }: ExpressionRow): string {
  const { filter } = compileSqlFilter(expression);
  if (filter === undefined) return 'E';
  return sets.map((set) => letters[filter.verdict(Buffer.from(encodeProperties(set)))]).join('');
}
