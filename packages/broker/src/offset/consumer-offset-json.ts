/** `config/consumerOffset.json` in Apache's shape: `topic@group` → queue → next offset to consume (page 20 §10.2). */
import type { DataVersion, JsonValue } from '@orbitmq/protocol';
import { dataVersionField, type JsonFields, jsonInteger, jsonObject, objectField } from '../metadata/json-fields.js';
import { CountedOffsetTable, type OffsetTable } from './counted-offset-table.js';

const separator = '@';

/** Ours: resets that readers have not heard of yet. Apache's brokers leave out what they do not know, and then write the file without it. */
const pendingResetsMember = 'orbitmqPendingResets';

export interface LoadedOffsets {
  readonly dataVersion: DataVersion | undefined;
  readonly table: CountedOffsetTable;
  readonly pendingResets: CountedOffsetTable;
}

export function decodeOffsetTable(value: JsonValue): LoadedOffsets {
  const root = jsonObject(value, 'consumerOffset');
  return {
    dataVersion: dataVersionField(root),
    table: offsetTableOf(objectField(root, 'offsetTable')),
    pendingResets: offsetTableOf(objectField(root, pendingResetsMember)),
  };
}

function offsetTableOf(object: JsonFields): CountedOffsetTable {
  const table = new CountedOffsetTable();
  for (const [key, queues] of Object.entries(object)) {
    const at = key.indexOf(separator);
    // Apache skips keys of another shape as well; they name no group.
    if (at <= 0) continue;
    const offsets = new Map<number, number>();
    for (const [queueId, offset] of Object.entries(jsonObject(queues, key))) {
      const number = jsonInteger(offset, key);
      // Apache 5.5 stores what a client sends; a negative offset answers as none there, and is none here.
      if (number >= 0) offsets.set(jsonInteger(queueId, key), number);
    }
    table.replace(key.slice(at + 1), key.slice(0, at), offsets);
  }
  return table;
}

export function encodeOffsetTable(dataVersion: DataVersion, table: OffsetTable, pendingResets: OffsetTable = new Map()): string {
  const offsetTable = offsetTableJson(table);
  const resets = pendingResets.size === 0 ? {} : { [pendingResetsMember]: offsetTableJson(pendingResets) };
  return JSON.stringify({ dataVersion, offsetTable, ...resets }, undefined, '\t');
}

function offsetTableJson(table: OffsetTable): object {
  return Object.fromEntries(
    [...table].flatMap(([topic, groups]) =>
      [...groups].map(([group, offsets]) => [topic + separator + group, Object.fromEntries(offsets)] as const),
    ),
  );
}
