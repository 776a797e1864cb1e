import { spawnSync } from 'node:child_process';
import type { ExpressionRow } from '../../golden/sql-expressions.js';
import { type ApacheVersion, apacheClassPath, quickFlags } from '../apache/distribution.js';

const limitMs = 60_000;

function lineOf({ expression, sets }: ExpressionRow): string {
  const encoded = sets.map((set) =>
    Object.entries(set)
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .join('&'),
  );
  return `${[encodeURIComponent(expression), ...encoded].join(' ')}\n`;
}

/** What the filter of an official version says about each row; see SqlVerdicts.java for the letters. */
export function apacheVerdicts(version: ApacheVersion, rows: readonly ExpressionRow[]): readonly string[] {
  const run = spawnSync('java', [...quickFlags, '-Xss1m', '-cp', apacheClassPath(version), 'SqlVerdicts'], {
    input: rows.map(lineOf).join(''),
    encoding: 'utf8',
    timeout: limitMs,
    maxBuffer: 16_777_216,
  });
  const lines = run.stdout.split('\n').slice(0, -1);
  if (run.status !== 0 || lines.length !== rows.length) throw new Error(`SqlVerdicts ended with ${run.status}: ${run.stderr}`);
  return lines;
}
