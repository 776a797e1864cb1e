/**
 * Changes values in the text of a properties file and nothing else: comments, order, unknown keys and line ends stay. (Java
 * writes the whole file anew from all its fields, and loses comments and backslashes: page 23, trap 9.)
 */
import { keyAndValue, type LogicalLine, logicalLines } from './properties.js';

/** `text` and the result are ISO-8859-1, as the file. A key that is there several times is changed where it counts: the last time. */
export function editProperties(text: string, changes: ReadonlyMap<string, string>): string {
  // Lines and their ends by turns.
  const pieces = text.split(/(\r\n|\r|\n)/);
  const naturalLines = pieces.filter((_piece, index) => index % 2 === 0);
  const lineEnd = pieces[1] ?? '\n';
  const places = new Map<string, LogicalLine>();
  for (const line of logicalLines(naturalLines)) {
    const [key] = keyAndValue(line.content);
    if (changes.has(key)) places.set(key, line);
  }
  const replacements = new Map([...places].map(([key, line]) => [line.first, { line, text: propertyLine(key, changes) }]));
  let edited = '';
  for (let index = 0; index < naturalLines.length; index += 1) {
    const replacement = replacements.get(index);
    edited += replacement?.text ?? naturalLines[index] ?? '';
    if (replacement !== undefined) index = replacement.line.last;
    edited += pieces[index * 2 + 1] ?? '';
  }
  const added = [...changes.keys()].filter((key) => !places.has(key));
  if (added.length === 0) return edited;
  if (edited !== '' && !/[\r\n]$/.test(edited)) edited += lineEnd;
  if (continuesBeyondEnd(edited)) edited += lineEnd;
  return edited + added.map((key) => propertyLine(key, changes) + lineEnd).join('');
}

/** The last line ends in a backslash: what is put behind it would be its continuation. */
function continuesBeyondEnd(text: string): boolean {
  const naturalLines = text.split(/\r\n|\r|\n/);
  return logicalLines(naturalLines).at(-1)?.last === naturalLines.length - 1;
}

function propertyLine(key: string, changes: ReadonlyMap<string, string>): string {
  const value = escape(changes.get(key) ?? '').replace(/^ /, '\\ ');
  return `${escape(key).replace(/[=: #!]/g, '\\$&')}=${value}`;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\f': '\\f' };

function escape(text: string): string {
  return text.replace(
    /[^ -[\]-~]/g,
    (character) => escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
