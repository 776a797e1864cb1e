/**
 * `npm run check`: every static check, in the order in which they are cheapest. Runs all of them, prints the findings, ends
 * with status 1 when there are any. `--only name,name` runs some; `--root DIR` checks another tree (the tests of the checks do).
 */
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkApi } from './api.mjs';
import { checkBoundaries } from './boundaries.mjs';
import { checkSeams } from './seams.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, root: { type: 'string' } } });
const home = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const root = resolve(values.root ?? home);

function tool(name, args) {
  const result = spawnSync(join(home, 'node_modules/.bin', name), args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error !== undefined) return [`${name} did not run: ${result.error.message}`];
  return result.status === 0 ? [] : [`${result.stdout}${result.stderr}`.trim() || `${name} ended with status ${result.status}`];
}

const checks = {
  format: () => tool('biome', ['ci', '--colors=off', '.']),
  // Before the type-aware lint, which reads the declarations that the build writes.
  build: () => tool('tsc', ['-b']),
  api: () => checkApi(root),
  lint: () => tool('oxlint', ['--type-aware', '--deny-warnings']),
  types: () => tool('tsc', ['-p', 'tsconfig.test.json']),
  boundaries: () => checkBoundaries(root),
  seams: () => checkSeams(root),
  unused: () => tool('knip', ['--no-progress', '--treat-config-hints-as-errors']),
};

const names = values.only === undefined ? Object.keys(checks) : values.only.split(',');
let failed = 0;
for (const name of names) {
  const check = checks[name];
  if (check === undefined) throw new Error(`no check is called ${name}; there are: ${Object.keys(checks).join(', ')}`);
  const started = performance.now();
  const problems = check();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  for (const problem of problems) console.log(problem.replace(/^/gm, '     '));
  if (problems.length > 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
