/**
 * Asks the filter of Apache 5.5.0 about every expression of `sql-expressions.ts` and keeps its verdicts in
 * `sql-verdicts.json`, for those without a JDK. Run it with `npm run golden:sql` after a change of the expressions.
 */
import { writeFileSync } from 'node:fs';
import { apacheVerdicts } from '../interop/sql/apache-verdicts.js';
import { type GoldenVerdicts, generatedRows, handWrittenRows, verdictsFile } from './sql-expressions.js';

const golden: GoldenVerdicts = {
  table: apacheVerdicts('5.5.0', handWrittenRows()),
  generated: apacheVerdicts('5.5.0', generatedRows()),
};
writeFileSync(verdictsFile, `{\n"table": "${golden.table.join(' ')}",\n"generated": "${golden.generated.join(' ')}"\n}\n`);
