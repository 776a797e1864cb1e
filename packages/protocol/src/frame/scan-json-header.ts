import { languageName, languageOrdinal } from '../language-code.js';
import { latestFieldSpans } from './field-spans.js';
import { scanJsonExtFields } from './json-ext-fields.js';
import { type JsonScanner, ValueKind } from './json-scanner.js';
import { languageJava, type ReceivedCommand } from './received-command.js';

function isToken(scanner: JsonScanner, word: string): boolean {
  const { bytes, tokenStart } = scanner;
  if (scanner.tokenEnd - tokenStart !== word.length) return false;
  for (let index = 0; index < word.length; index++) {
    if (bytes[tokenStart + index] !== word.charCodeAt(index)) return false;
  }
  return true;
}

const OBJECT_START = 0x7b;
const wholeNumber = /^-?\d{1,10}$/;

/** An int32 of the header: a number, or its text as Java's reader also takes it. */
function readInt32(scanner: JsonScanner, name: string): number {
  const plain = scanner.readPlainInteger();
  if (plain >= 0) return plain;
  const kind = scanner.readValue();
  if (kind === ValueKind.NULL) return 0;
  if (kind !== ValueKind.NUMBER && kind !== ValueKind.STRING) scanner.fail(`"${name}" is not a number`);
  const text =
    kind === ValueKind.STRING ? scanner.stringToken() : scanner.bytes.toString('latin1', scanner.tokenStart, scanner.tokenEnd);
  const value = kind === ValueKind.NUMBER || wholeNumber.test(text) ? Number(text) : Number.NaN;
  if (!Number.isInteger(value) || value < -2147483648 || value > 2147483647) scanner.fail(`"${name}" is not a 32-bit integer`);
  return value | 0;
}

/** A name or an ordinal; what is unknown reads as OTHER, what is absent stays JAVA. */
function readLanguage(scanner: JsonScanner, current: number): number {
  const kind = scanner.readValue();
  if (kind === ValueKind.STRING) {
    return isToken(scanner, 'JAVA') ? languageJava : languageOrdinal(scanner.stringToken());
  }
  if (kind === ValueKind.NUMBER) {
    const ordinal = Number(scanner.bytes.toString('latin1', scanner.tokenStart, scanner.tokenEnd));
    return languageOrdinal(languageName(ordinal));
  }
  return current;
}

/** `null` counts as absent; of repeated ones the last counts. */
function readExtFields(scanner: JsonScanner, command: ReceivedCommand): void {
  if (scanner.peek() === OBJECT_START) {
    command.extStart = scanner.at;
    command.fieldScan = latestFieldSpans.begin();
    command.isExtText = scanJsonExtFields(scanner, latestFieldSpans);
    command.extEnd = scanner.at;
    return;
  }
  if (scanner.readValue() !== ValueKind.NULL) scanner.fail('"extFields" is not an object');
  command.extStart = -1;
}

/** A remark that is not text is dropped: nobody's answer depends on it. */
function readRemark(scanner: JsonScanner, command: ReceivedCommand): void {
  const isText = scanner.readValue() === ValueKind.STRING;
  command.remarkStart = isText ? scanner.tokenStart - 1 : -1;
  command.remarkEnd = scanner.tokenEnd + 1;
}

function readField(scanner: JsonScanner, name: string, command: ReceivedCommand): void {
  switch (name) {
    case 'code':
      command.code = readInt32(scanner, name);
      break;
    case 'flag':
      command.flag = readInt32(scanner, name);
      break;
    case 'opaque':
      command.opaque = readInt32(scanner, name);
      break;
    case 'version':
      command.version = readInt32(scanner, name);
      break;
    case 'language':
      command.language = readLanguage(scanner, command.language);
      break;
    case 'remark':
      readRemark(scanner, command);
      break;
    case 'extFields':
      readExtFields(scanner, command);
      break;
    default:
      scanner.readValue();
  }
}

/** The field that the name at hand means; the empty text for one that is not ours. */
function fieldName(scanner: JsonScanner): string {
  if (scanner.isEscaped) return scanner.stringToken();
  switch (scanner.tokenEnd - scanner.tokenStart) {
    case 4:
      return nameIfToken(scanner, 'code') || nameIfToken(scanner, 'flag');
    case 6:
      return nameIfToken(scanner, 'opaque') || nameIfToken(scanner, 'remark');
    case 7:
      return nameIfToken(scanner, 'version');
    case 8:
      return nameIfToken(scanner, 'language');
    case 9:
      return nameIfToken(scanner, 'extFields');
    default:
      return '';
  }
}

function nameIfToken(scanner: JsonScanner, name: string): string {
  return isToken(scanner, name) ? name : '';
}

/**
 * Reads the fixed fields of a JSON header (page 01 §2) between `start` and `end` and remembers where the others stand. Unknown
 * fields are ignored, missing ones keep their defaults, of repeated ones the last counts; the whole text is checked.
 */
export function scanJsonHeader(scanner: JsonScanner, command: ReceivedCommand, start: number, end: number): void {
  scanner.open(command.bytes, start, end);
  scanner.enterObject();
  let isFirst = true;
  while (scanner.nextKey(isFirst)) {
    isFirst = false;
    readField(scanner, fieldName(scanner), command);
  }
  scanner.finish();
}
