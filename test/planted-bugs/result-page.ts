import type { Mutation } from './mutation.js';

export interface Caught {
  readonly mutation: Mutation;
  /** Name of the test that failed; undefined: none did. */
  readonly by: string | undefined;
}

const begin = `# Planted bugs

Bugs that tests of the store must find, most of them seen in other brokers. \`npm run planted-bugs\` plants each one in a copy of
the sources, runs the tests that are named for it (\`test/planted-bugs\`), which are green without it, and writes this page.
A bug counts as caught when a test fails, not when a file does not load. One that no test finds ends the run with an error.
`;

/** \`docs/planted-bugs.md\`. */
export function resultPage(results: readonly Caught[]): string {
  const caughtCount = results.filter(({ by }) => by !== undefined).length;
  const rows = results.map(({ by, mutation }) => {
    const { breaks, file, id, promise, seenIn } = mutation;
    const place = file.replace('packages/broker/src/', '');
    return `| \`${id}\` | ${breaks} | ${promise} | ${seenIn ?? ''} | \`${place}\` | ${by === undefined ? '**NOT CAUGHT**' : by.replaceAll('|', '\\|')} |`;
  });
  const head = [
    '| bug | what it breaks | promise | seen in | file in `packages/broker/src` | caught by the test |',
    '|---|---|---|---|---|---|',
  ];
  return `${begin}\nResult of the last run: ${caughtCount} of ${results.length} caught.\n\n${[...head, ...rows].join('\n')}\n`;
}

/** The ids that such a page lists as caught, in its order. */
export function caughtIn(page: string): readonly string[] {
  return [...page.matchAll(/^\| `([^`]+)` \|.*$/gm)].filter(([row]) => !row.includes('NOT CAUGHT')).map(([, id]) => id ?? '');
}
