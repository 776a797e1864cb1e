import { defineConfig } from 'vitest/config';

/** Test files are outside the packages' build configurations, where the compiler would look for this switch. */
const oxc = { decorator: { legacy: true } };

/** Tests run from source: every workspace package resolves through its `@orbitmq/source` condition. */
const conditions = ['@orbitmq/source', 'module', 'node', 'development|production'];

/** `unit`: beside the source, no network, disk or waiting. `system`: real processes and counterparts, one file at a time. */
export default defineConfig({
  test: {
    projects: [
      {
        oxc,
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'examples/*/src/**/*.test.ts'],
          pool: 'forks',
          sequence: { groupOrder: 0 },
        },
      },
      {
        oxc,
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
