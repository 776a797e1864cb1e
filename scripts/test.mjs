/**
 * `npm test`: runs the tests and prints `N passed, N failed, N skipped` last. Arguments go to vitest: `npm test -- packages/core`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const directory = mkdtempSync(join(tmpdir(), 'orbitmq-test-'));
const report = join(directory, 'report.json');
const vitest = spawnSync(
  join(root, 'node_modules/.bin/vitest'),
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
);

let failed = vitest.status === 0 ? 0 : 1;
let line = '0 passed, 1 failed, 0 skipped';
try {
  const results = JSON.parse(readFileSync(report, 'utf8'));
  // A file that does not even load has no test of its own: it counts as one failure.
  const brokenFiles = results.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  failed = Math.max(failed, results.numFailedTests + brokenFiles);
  line = `${results.numPassedTests} passed, ${failed} failed, ${results.numPendingTests + results.numTodoTests} skipped`;
} catch (error) {
  console.error(`The tests left no report: ${error.message}`);
  failed = Math.max(failed, 1);
}
rmSync(directory, { recursive: true, force: true });
console.log(line);
process.exitCode = failed === 0 ? 0 : 1;
