/**
 * `npm run planted-bugs [-- --only ID]`: plants each bug of the list in a copy of the sources and shows that the tests find it.
 * Writes `docs/planted-bugs.md` unless `--only` is given; fails when a bug is not found.
 */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Mutation, PlannedTests } from './mutation.js';
import { mutations } from './mutations.js';
import { type Caught, resultPage } from './result-page.js';
import { type PassedTest, runTests } from './run-tests.js';
import { SourceCopy } from './source-copy.js';

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** With it no test of the store can pass: if one does, it does not run the sources of the copy. */
const canary = {
  file: 'packages/broker/src/store/segment/create-segment.ts',
  from: '  const file = await fileSystem.open(path, { create: true });\n',
  to: "  throw new Error('planted');\n  const file = await fileSystem.open(path, { create: true });\n",
};
const canaryTests = ['test/store/append-and-read.test.ts'];

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Without any bug the tests are green, and each choice of them has some. */
async function checkCopy(copy: SourceCopy, chosen: readonly Mutation[]): Promise<void> {
  for (const mutation of [canary, ...chosen]) {
    if (!(await copy.takes(mutation)))
      throw new Error(`the text to change is not exactly once in ${mutation.file}: ${mutation.from}`);
  }
  const { failed, problem } = await copy.with(canary, () => runTests(copy.root, canaryTests));
  if (failed.length === 0) throw new Error(`the tests in the copy do not run the sources of the copy: ${problem ?? 'they pass'}`);
  const passed: PassedTest[] = [];
  for (const { files, filters } of runsFor(chosen.map(({ tests }) => tests))) {
    const outcome = runTests(copy.root, files, filters);
    const [first] = outcome.failed;
    if (first !== undefined) throw new Error(`fails without any bug: ${first.name}: ${first.message}`);
    if (outcome.problem !== undefined) throw new Error(`${files.join(' ')}: ${outcome.problem}`);
    passed.push(...outcome.passed);
  }
  tell(`green without a bug: ${passed.length} tests`);
  for (const { id, tests } of chosen) {
    const isOne = ({ file, name }: PassedTest): boolean => tests.files.includes(file) && name.includes(tests.filter ?? '');
    if (!passed.some(isOne)) throw new Error(`${id} names no test: ${tests.files.join(' ')} ${tests.filter ?? ''}`);
  }
}

/** Few runs for many choices: files that are wanted whole in one, and those of which only some tests are wanted. */
function runsFor(
  plans: readonly PlannedTests[],
): readonly { readonly files: readonly string[]; readonly filters: readonly string[] }[] {
  const whole = new Set(plans.filter(({ filter }) => filter === undefined).flatMap(({ files }) => files));
  const rest = plans.filter(({ files, filter }) => filter !== undefined && files.some((file) => !whole.has(file)));
  const files = new Set(rest.flatMap((plan) => plan.files).filter((file) => !whole.has(file)));
  const filters = new Set(rest.map(({ filter }) => filter ?? ''));
  const runs = [
    { files: [...whole], filters: [] },
    { files: [...files], filters: [...filters] },
  ];
  return runs.filter((run) => run.files.length > 0);
}

async function plant(copy: SourceCopy, mutation: Mutation): Promise<Caught> {
  const startedAt = performance.now();
  const { tests } = mutation;
  const { failed, problem } = await copy.with(mutation, () =>
    runTests(copy.root, tests.files, tests.filter === undefined ? [] : [tests.filter]),
  );
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const [first] = failed;
  tell(`${first === undefined ? 'NOT CAUGHT' : 'caught    '}  ${mutation.id} (${seconds} s)`);
  if (first !== undefined) tell(`            ${first.name}: ${first.message}`);
  if (problem !== undefined) tell(`            ${problem}`);
  return { mutation, by: first?.name };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
  const chosen = mutations.filter(({ id }) => values.only === undefined || values.only.includes(id));
  if (chosen.length === 0) throw new Error(`no planted bug is called ${values.only?.join(', ')}`);
  const copy = await SourceCopy.of(repository);
  try {
    await checkCopy(copy, chosen);
    const results: Caught[] = [];
    for (const mutation of chosen) results.push(await plant(copy, mutation));
    const missed = results.filter(({ by }) => by === undefined);
    tell(`${results.length - missed.length} of ${results.length} caught`);
    if (values.only === undefined) await writeFile(join(repository, 'docs/planted-bugs.md'), resultPage(results));
    if (missed.length > 0) process.exitCode = 1;
  } finally {
    await copy.remove();
  }
}

await main();
