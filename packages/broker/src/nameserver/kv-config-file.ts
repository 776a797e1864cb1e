/** `kvConfig.json` as Apache writes and reads it: `{"configTable":{"namespace":{"key":"value"}}}` (page 23 §13). */
import { ProtocolError } from '@orbitmq/core/kernel';
import { isJsonObject, type JsonValue, parseFastjson } from '@orbitmq/protocol';
import { type KvConfigChange, type KvConfigLimits, KvConfigTable } from './kv-config-table.js';

export function encodeKvConfigFile(table: KvConfigTable): string {
  const namespaces = [...table.namespaces].map(([name, entries]) => [name, Object.fromEntries(entries)] as const);
  return JSON.stringify({ configTable: Object.fromEntries(namespaces) });
}

/** Throws an `MqError` on anything else; an empty text is an empty table, as in Java. */
export function decodeKvConfigFile(text: string, limits: KvConfigLimits): KvConfigTable {
  if (text.trim() === '') return KvConfigTable.empty;
  const entries: KvConfigChange[] = [];
  // A key may be called `$ref`; in a table of texts nothing is there twice that a writer would refer back to.
  const { POSITIVE_INFINITY } = Number;
  const file = parseFastjson(text, { valuesMax: POSITIVE_INFINITY, escapesMax: POSITIVE_INFINITY, resolvesReferences: false });
  for (const [namespace, keys] of membersOf(membersTable(file, 'configTable'))) {
    for (const [key, value] of membersOf(keys)) {
      if (value !== null) entries.push({ namespace, key, value: typeof value === 'string' ? value : JSON.stringify(value) });
    }
  }
  return KvConfigTable.of(entries, limits);
}

function membersTable(value: JsonValue, name: string): JsonValue {
  return isJsonObject(value) ? (value[name] ?? {}) : value;
}

function membersOf(value: JsonValue): [string, JsonValue][] {
  if (!isJsonObject(value)) throw new ProtocolError('BODY_INVALID', 'the KV configuration is not a table of tables');
  return Object.entries(value);
}
