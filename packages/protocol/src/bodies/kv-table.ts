import { jsonBody, objectField, parseBody, textTable } from './json-fields.js';

/** A table of text, as KV answers and registrations carry it (Java: KVTable; page 02 §2). */
export function encodeKvTable(table: Readonly<Record<string, string>>): Buffer {
  return jsonBody({ table });
}

export function decodeKvTable(body: Buffer): Record<string, string> {
  return textTable(objectField(parseBody(body), 'table'));
}
