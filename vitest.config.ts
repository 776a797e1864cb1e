import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Test files are outside the packages' build configurations, where the compiler would look for this switch. */
const oxc = { decorator: { legacy: true } };

/** Tests run from source: every workspace package resolves through its `@orbitmq/source` condition. */
const conditions = ['@orbitmq/source', 'module', 'node', 'development|production'];

const project = { oxc, resolve: { conditions }, ssr: { resolve: { conditions } } };
/** No test measures by it: it only ends one that hangs, also on a machine that others use. */
const patience = { pool: 'forks', testTimeout: 60_000, hookTimeout: 60_000 } as const;

/**
 * Test files that take other counterparts, directories and ports than every other and measure neither time, memory nor the event
 * loop: two of them run at once. A new file runs alone until it is named here.
 */
const besideEachOther = [
  'test/decorator-tools/*.test.ts',
  'test/durability/*.test.ts',
  'test/golden/*.test.ts',
  'test/handover/*.test.ts',
  'test/house/*.test.ts',
  'test/planted-bugs/*.test.ts',
  'test/quickstart/*.test.ts',
  'test/requirements.test.ts',
  'test/simulation/*.test.ts',
  'test/torture/{crash-points,damage,damaged-end,failed-flush,random-lives,reference-model,repair-crashes,same-recovery,timer-crashes}.test.ts',
];

/** Of those, what takes longest comes first: it must not be what the other worker waits for at the end. */
const longest = [
  'test/simulation/cluster.test.ts',
  'test/handover/handover.test.ts',
  'test/quickstart/quickstart.test.ts',
  'test/handover/variants.test.ts',
  'test/torture/crash-points.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = (file: TestSpecification): number => longest.findIndex((path) => file.moduleId.endsWith(`/${path}`));
    const named = files.filter((file) => place(file) >= 0).toSorted((a, b) => place(a) - place(b));
    return [...named, ...(await super.sort(files.filter((file) => place(file) < 0)))];
  }
}

/**
 * `unit`: beside the source, no network, disk or waiting. `system`: real processes and counterparts, one file at a time.
 * `system-beside`: those of them that two processors may share.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        ...project,
        test: {
          ...patience,
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'examples/*/src/**/*.test.ts'],
          // They keep nothing outside their own objects, and most of their time would be loading the same modules again.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...project,
        test: {
          ...patience,
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: besideEachOther,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...project,
        test: {
          ...patience,
          name: 'system-beside',
          include: besideEachOther,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
