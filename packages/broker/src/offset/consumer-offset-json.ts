/** `config/consumerOffset.json` in Apache's shape: `topic@group` → queue → next offset to consume (page 20 §10.2). */
import type { DataVersion, JsonValue, Steps } from '@orbitmq/protocol';
import { dataVersionField, type JsonFields, jsonInteger, jsonObject, objectField } from '../metadata/json-fields.js';
import { jsonInSteps, jsonMember, jsonTable, numbersText } from '../metadata/json-in-steps.js';
import { CountedOffsetTable, type OffsetSnapshot } from './counted-offset-table.js';

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

/** What is written of them are the tables of the first step. */
export function* offsetTableSteps(
  tables: () => {
    readonly dataVersion: DataVersion;
    readonly table: CountedOffsetTable;
    /** Undefined: they are left out. */
    readonly pendingResets?: CountedOffsetTable | undefined;
  },
): Steps<readonly Buffer[]> {
  const { dataVersion, table, pendingResets } = tables();
  const offsets = table.snapshot();
  const resets = pendingResets?.snapshot();
  try {
    const members = [jsonMember('dataVersion', dataVersion), offsetTableMember('offsetTable', offsets)];
    if (resets !== undefined && resets.offsets.length > 0) members.push(offsetTableMember(pendingResetsMember, resets));
    return yield* jsonInSteps(members);
  } finally {
    offsets.release();
    resets?.release();
  }
}

function offsetTableMember(name: string, { topics, groups, offsets, offsetsOf }: OffsetSnapshot): Steps<readonly Buffer[]> {
  return jsonTable({
    name,
    entries: offsets,
    nameOf: (_of, index) => `${topics[index]}${separator}${groups[index]}`,
    textOf: (of) => numbersText(inOrder(offsetsOf(of))),
  });
}

/** By queue. Clients commit the queues of a topic in any order. */
function inOrder(offsets: ReadonlyMap<number, number>): Iterable<readonly [number, number]> {
  let last = -1;
  for (const queueId of offsets.keys()) {
    if (queueId < last) return [...offsets].toSorted(([a], [b]) => a - b);
    last = queueId;
  }
  return offsets;
}
