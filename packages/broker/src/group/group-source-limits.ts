/**
 * What one group may say of itself (request 200). Members unknown here are kept, in memory and in the file, so that they are
 * bounded: the file nests them two levels deeper than the request did, and has to be readable again.
 */
import type { JsonValue } from '@orbitmq/protocol';
import type { JsonFields } from '../metadata/json-fields.js';

/** Bytes of a group's JSON; retry policies and static subscriptions of Apache's stay far below it. */
const groupBytesMax = 64 * 1024;
const groupDepthMax = 16;

/** Why the group, with all members it is going to have, cannot be kept; undefined when it can. */
export function groupSourceProblem(fields: JsonFields): string | undefined {
  const sizeBytes = Buffer.byteLength(JSON.stringify(fields));
  if (sizeBytes > groupBytesMax) return `the group's description has ${sizeBytes} bytes, allowed are ${groupBytesMax}`;
  if (isDeeperThan(fields, groupDepthMax)) return `the group's description nests more than ${groupDepthMax} times`;
  return undefined;
}

function isDeeperThan(value: JsonValue | JsonFields, depthMax: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depthMax === 0 || Object.values(value).some((member) => isDeeperThan(member, depthMax - 1));
}
