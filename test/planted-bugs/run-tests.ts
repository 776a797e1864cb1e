import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

/** All of the tests, without a bug, on a busy machine. */
const runMsMax = 1_200_000;

export interface TestOutcome {
  readonly passed: readonly PassedTest[];
  /** Names of tests that failed by themselves; a file that does not load has none. */
  readonly failed: readonly FailedTest[];
  /** Why nothing can be said; undefined: the tests ran. */
  readonly problem: string | undefined;
}

export interface PassedTest {
  /** From the root of the copy. */
  readonly file: string;
  readonly name: string;
}

interface FailedTest {
  readonly name: string;
  /** First line of the failure. */
  readonly message: string;
}

interface Report {
  readonly testResults: readonly {
    /** Absolute. */
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs tests up to the first that fails: those of the files whose names have one of the `filters`, all when there are none. */
export function runTests(root: string, files: readonly string[], filters: readonly string[] = []): TestOutcome {
  const reportPath = join(root, 'planted-bugs-report.json');
  rmSync(reportPath, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const choice = filters.length === 0 ? [] : ['-t', filters.map(escaped).join('|')];
  const reporter = ['--reporter=json', `--outputFile=${reportPath}`];
  const run = spawnSync(process.execPath, [vitest, 'run', '--bail=1', ...reporter, ...choice, ...files], {
    cwd: root,
    encoding: 'utf8',
    timeout: runMsMax,
    killSignal: 'SIGKILL',
  });
  if (!existsSync(reportPath)) {
    return { passed: [], failed: [], problem: run.error?.message ?? `vitest left no report: ${run.stderr.slice(-500)}` };
  }
  const { testResults } = JSON.parse(readFileSync(reportPath, 'utf8')) as Report;
  const tests = testResults.flatMap(({ assertionResults, name }) =>
    assertionResults.map((test) => ({ ...test, file: relative(root, name), name: test.fullName.trim() })),
  );
  const failed = tests
    .filter(({ status }) => status === 'failed')
    .map(({ failureMessages, name }) => ({ name, message: (failureMessages[0] ?? '').split('\n')[0] ?? '' }));
  const passed = tests.filter(({ status }) => status === 'passed').map(({ file, name }) => ({ file, name }));
  // The exit code says nothing: a choice of tests may miss what its file asks of all of them together.
  const isBroken = failed.length === 0 && passed.length === 0;
  const said = testResults.map(({ message }) => message).find((message) => message !== '');
  return { passed, failed, problem: isBroken ? (said ?? 'no test ran') : undefined };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
