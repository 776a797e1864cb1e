/** The hand-written expressions of `sql-expressions.txt`, and those a seed makes. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateExpressions } from './generate-expressions.js';

/** An expression and the properties of the messages it looks at. */
export interface ExpressionRow {
  readonly expression: string;
  readonly sets: readonly Readonly<Record<string, string>>[];
}

/**
 * What Apache 5.5.0 says, a word for each expression: `E` when it does not compile, else a letter for each set of properties: T, F,
 * N (null), X (evaluation fails).
 */
export interface GoldenVerdicts {
  readonly table: readonly string[];
  readonly generated: readonly string[];
}

const here = dirname(fileURLToPath(import.meta.url));
export const verdictsFile = join(here, 'sql-verdicts.json');

const seed = 20_260_921;
const generatedCount = 4000;

const characters: Readonly<Record<string, string>> = {
  '␊': '\n',
  '␉': '\t',
  '␍': '\r',
  '␌': '\f',
  '␋': '\v',
  '␠': ' ',
  '⍽': '\u00a0',
  '⍰': '\ufeff',
  '∅': '',
};

function plain(text: string): string {
  return text.replace(/[␊␉␍␌␋␠⍽⍰∅]/gu, (sign) => characters[sign] ?? sign);
}

function setOf(text: string): Record<string, string> {
  if (text === '-') return {};
  return Object.fromEntries(
    text.split(';').map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), plain(pair.slice(at + 1))];
    }),
  );
}

export function handWrittenRows(): readonly ExpressionRow[] {
  const lines = readFileSync(join(here, 'sql-expressions.txt'), 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('# '))
    .map((line) => {
      const [expression = '', ...sets] = line.split('\t');
      return { expression: plain(expression), sets: sets.map(setOf) };
    });
}

export function goldenVerdicts(): GoldenVerdicts {
  const { table, generated } = JSON.parse(readFileSync(verdictsFile, 'utf8')) as Record<keyof GoldenVerdicts, string>;
  return { table: table.split(' '), generated: generated.split(' ') };
}

export function generatedRows(): readonly ExpressionRow[] {
  return generateExpressions(seed, generatedCount);
}

/** Whether 4.9 knows every word of it: CONTAINS and its like are plain names there. */
export function isKnownTo4(row: ExpressionRow): boolean {
  return !/contains|startswith|endswith/i.test(row.expression);
}
