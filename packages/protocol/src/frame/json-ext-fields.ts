import { type FieldSpans, FieldTrait } from './field-spans.js';
import { JsonScanner, ValueKind } from './json-scanner.js';
import type { ExtFields } from './remoting-command.js';

/** Passes over the object at hand, which it checks, and notes where its fields stand. Returns whether all values are text. */
export function scanJsonExtFields(scanner: JsonScanner, spans: FieldSpans): boolean {
  let isText = true;
  scanner.enterObject();
  for (let isFirst = true; ; isFirst = false) {
    if (scanner.readPlainPair(isFirst)) {
      const traits = scanner.isEscaped ? FieldTrait.VALUE_ESCAPED : 0;
      spans.add(scanner.nameStart, scanner.nameEnd, scanner.tokenStart, scanner.tokenEnd, traits);
    } else {
      if (!scanner.nextKey(isFirst)) return isText;
      if (scanUnusualField(scanner, spans) !== ValueKind.STRING) isText = false;
    }
  }
}

/** A field in any form, its name just read. */
function scanUnusualField(scanner: JsonScanner, spans: FieldSpans): ValueKind {
  const { tokenStart: nameStart, tokenEnd: nameEnd } = scanner;
  let traits = scanner.isEscaped ? FieldTrait.NAME_ESCAPED : 0;
  const kind = scanner.readValue(1);
  if (kind === ValueKind.NULL) {
    spans.addEmpty();
    return kind;
  }
  if (kind === ValueKind.STRING && scanner.isEscaped) traits |= FieldTrait.VALUE_ESCAPED;
  spans.add(nameStart, nameEnd, scanner.tokenStart, scanner.tokenEnd, traits);
  return kind;
}

/**
 * Builds `extFields` from their JSON object. As in Java everything becomes text: a number as it was written, so that no digit
 * of a 64-bit value is lost, a nested value as its JSON text. A `null` counts as absent. The result has no prototype: a
 * field may be called `__proto__`. `isText`: all values are strings, so the native parser reads the same.
 */
export function parseJsonExtFields(bytes: Buffer, start: number, end: number, isText: boolean): ExtFields {
  if (isText) return Object.setPrototypeOf(JSON.parse(bytes.toString('utf8', start, end)), null) as ExtFields;
  const scanner = new JsonScanner();
  scanner.open(bytes, start, end);
  scanner.enterObject();
  const extFields = Object.create(null) as ExtFields;
  let isFirst = true;
  while (scanner.nextKey(isFirst)) {
    isFirst = false;
    const name = scanner.stringToken();
    const kind = scanner.readValue(1);
    if (kind === ValueKind.NULL) continue;
    extFields[name] =
      kind === ValueKind.STRING ? scanner.stringToken() : bytes.toString('utf8', scanner.tokenStart, scanner.tokenEnd);
  }
  return extFields;
}
