/** `config/consumerOffset.json` in Apache's shape: `topic@group` → queue → next offset to consume (page 20 §10.2). */
import type { DataVersion, JsonValue } from '@orbitmq/protocol';
import { dataVersionField, type JsonFields, jsonInteger, jsonObject, objectField } from '../metadata/json-fields.js';

/** Topic → group → queue id → offset. */
export type OffsetTable = Map<string, Map<string, Map<number, number>>>;

const separator = '@';

/** Ours: resets that readers have not heard of yet. Apache's brokers leave out what they do not know, and then write the file without it. */
const pendingResetsMember = 'orbitmqPendingResets';

export interface LoadedOffsets {
  readonly dataVersion: DataVersion | undefined;
  readonly table: OffsetTable;
  readonly pendingResets: OffsetTable;
}

export function decodeOffsetTable(value: JsonValue): LoadedOffsets {
  const root = jsonObject(value, 'consumerOffset');
  return {
    dataVersion: dataVersionField(root),
    table: offsetTableOf(objectField(root, 'offsetTable')),
    pendingResets: offsetTableOf(objectField(root, pendingResetsMember)),
  };
}

function offsetTableOf(object: JsonFields): OffsetTable {
  const table: OffsetTable = new Map();
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
    groupsOf(table, key.slice(0, at)).set(key.slice(at + 1), offsets);
  }
  return table;
}

export function groupsOf(table: OffsetTable, topic: string): Map<string, Map<number, number>> {
  let groups = table.get(topic);
  if (groups === undefined) {
    groups = new Map();
    table.set(topic, groups);
  }
  return groups;
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
