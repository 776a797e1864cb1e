import { describe, expect, test } from 'vitest';
import { ourVerdicts } from '../golden/our-sql-verdicts.js';
import { generatedRows, handWrittenRows, isKnownTo4 } from '../golden/sql-expressions.js';
import { apacheMissing } from './apache/distribution.js';
import { apacheVerdicts } from './sql/apache-verdicts.js';

const missing = apacheMissing();
const rows = [...handWrittenRows(), ...generatedRows()];

/** Each expression with what both say, where they do not say the same. */
function differences(version: '4.9.7' | '5.5.0', compared: typeof rows): readonly string[] {
  const theirs = apacheVerdicts(version, compared);
  return compared.flatMap((row, index) => {
    const ours = ourVerdicts(row);
    const sets = row.sets.map((set) => JSON.stringify(set)).join(' ');
    return ours === theirs[index] ? [] : [`${JSON.stringify(row.expression)} ours ${ours}, theirs ${theirs[index]}: ${sets}`];
  });
}

describe.skipIf(missing !== undefined)('our filter and the official one give the same verdicts', () => {
  test('5.5.0', () => {
    expect(differences('5.5.0', rows)).toEqual([]);
  });

  test('4.9.7, which has no CONTAINS, STARTSWITH and ENDSWITH', () => {
    expect(differences('4.9.7', rows.filter(isKnownTo4))).toEqual([]);
  });
});
