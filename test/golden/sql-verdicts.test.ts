import { expect, test } from 'vitest';
import { verifies } from '../support/verifies.js';
import { ourVerdicts } from './our-sql-verdicts.js';
import { type ExpressionRow, generatedRows, goldenVerdicts, handWrittenRows } from './sql-expressions.js';

function differences(rows: readonly ExpressionRow[], golden: readonly string[]): readonly string[] {
  expect(golden).toHaveLength(rows.length);
  return rows.flatMap((row, index) => {
    const ours = ourVerdicts(row);
    return ours === golden[index] ? [] : [`${JSON.stringify(row.expression)} ours ${ours}, Apache's ${golden[index]}`];
  });
}

test('every hand-written expression gets the verdicts of Apache 5.5.0', () => {
  verifies('sql-filter');
  const rows = handWrittenRows();
  expect(rows.length).toBeGreaterThanOrEqual(500);
  expect(differences(rows, goldenVerdicts().table)).toEqual([]);
});

test('and so does every generated one', () => {
  const { generated } = goldenVerdicts();
  expect(generated.filter((verdicts) => verdicts !== 'E').length).toBeGreaterThanOrEqual(2000);
  expect(differences(generatedRows(), generated)).toEqual([]);
});
