/** `config/delayOffset.json` in Apache's shape: level → next queue offset to deliver (page 20 §10.2). */
import type { DataVersion, JsonValue } from '@orbitmq/protocol';
import { dataVersionField, jsonInteger, jsonObject, objectField } from '../metadata/json-fields.js';

/** Next queue offset to deliver, by level. */
export type DelayOffsets = ReadonlyMap<number, number>;

export interface DelayOffsetTable {
  readonly dataVersion: DataVersion | undefined;
  readonly offsets: DelayOffsets;
}

export function decodeDelayOffsets(value: JsonValue): DelayOffsetTable {
  const root = jsonObject(value, 'delayOffset');
  const offsets = new Map<number, number>();
  for (const [level, offset] of Object.entries(objectField(root, 'offsetTable'))) {
    offsets.set(jsonInteger(level, 'level'), Math.max(0, jsonInteger(offset, level)));
  }
  return { dataVersion: dataVersionField(root), offsets };
}

export function encodeDelayOffsets(dataVersion: DataVersion, offsets: DelayOffsets): string {
  return JSON.stringify({ dataVersion, offsetTable: Object.fromEntries(offsets) }, undefined, '\t');
}
