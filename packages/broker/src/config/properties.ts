/**
 * Java's `.properties` format, as `Properties.load(InputStream)` reads it (page 23 §3): ISO-8859-1 with `\uXXXX`, separators
 * `=`, `:` or blank, comments `#` and `!`, a trailing `\` continues the line, leading blanks are dropped and trailing ones
 * kept, the last of two equal keys wins. Throws a `ConfigError` for a broken `\u` escape only; Java refuses nothing else.
 */
import { ConfigError } from '@orbitmq/core/kernel';

export function parseProperties(content: string | Uint8Array): Map<string, string> {
  const text = typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
  const properties = new Map<string, string>();
  for (const { content: line } of logicalLines(text.split(/\r\n|\r|\n/))) {
    const [key, value] = keyAndValue(line);
    properties.set(key, value);
  }
  return properties;
}

/** A key with its value, over one line of the file or several. */
export interface LogicalLine {
  /** Without leading blanks, joined. */
  readonly content: string;
  /** Lines of the file, from 0. */
  readonly first: number;
  readonly last: number;
}

const leadingBlanks = /^[ \t\f]+/;

/** Comments and empty lines are left out. */
export function logicalLines(naturalLines: readonly string[]): LogicalLine[] {
  const lines: LogicalLine[] = [];
  /** Of a line that goes on; joined once, since joining at each of them would copy the beginning again and again. */
  let pending: string[] = [];
  let first = 0;
  for (const [index, natural] of naturalLines.entries()) {
    const line = natural.replace(leadingBlanks, '');
    const isFirst = pending.length === 0;
    if (isFirst && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    if (isFirst) first = index;
    if (endsInOddBackslashes(line)) {
      pending.push(line.slice(0, -1));
    } else {
      pending.push(line);
      lines.push({ content: pending.join(''), first, last: index });
      pending = [];
    }
  }
  const rest = pending.join('');
  if (rest !== '') lines.push({ content: rest, first, last: naturalLines.length - 1 });
  return lines;
}

export function keyAndValue(line: string): readonly [string, string] {
  const [key, value] = splitLine(line);
  return [unescape(key), unescape(value)];
}

function endsInOddBackslashes(line: string): boolean {
  let start = line.length;
  while (start > 0 && line.charAt(start - 1) === '\\') start -= 1;
  return (line.length - start) % 2 === 1;
}

/** The key ends at the first separator that no backslash protects; blanks around one `=` or `:` belong to neither side. */
function splitLine(line: string): readonly [string, string] {
  let end = 0;
  while (end < line.length && !/[=: \t\f]/.test(line.charAt(end))) end += line.charAt(end) === '\\' ? 2 : 1;
  const rest = line.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '');
  return [line.slice(0, end), rest];
}

const controlEscapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescape(text: string): string {
  return text.replace(/\\(u.{0,4}|.?)/gs, (_escape, body: string) => {
    if (!body.startsWith('u')) return controlEscapes[body] ?? body;
    const digits = body.slice(1);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
      throw new ConfigError('CONFIG_INVALID', `malformed \\u escape in the configuration file: "\\${body}"`);
    }
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
}
