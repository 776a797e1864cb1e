import { invariant } from '@orbitmq/core/kernel';
import type { MessageQueue } from './message-queue.js';

/**
 * What `writeFastjson` takes. A `Map` is a Java map, whose keys need not be text. Members that are undefined or null are left
 * out, as Java leaves them out; null inside a list stays.
 */
export type FastjsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly FastjsonValue[]
  | ReadonlyMap<FastjsonKey, FastjsonValue>
  | FastjsonObject;
/** Text is quoted, an integer is bare (`{0:…}`), a queue is written as the object that it is (`{{"brokerName":…}:…}`). */
export type FastjsonKey = string | number | MessageQueue;
export interface FastjsonObject {
  readonly [name: string]: FastjsonValue;
}

/**
 * Writes what Java's tools read where it is not JSON (page 32 §1): members in alphabetical order, integers and queues as keys of
 * maps raw. fastjson2 refuses queues in quotes as keys, and every version reads bare integers, so this is right for all of them;
 * `parseFastjson` is the reader. Where a body is plain JSON, `jsonBody` does.
 */
export function writeFastjson(value: FastjsonValue): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') {
    invariant(Number.isFinite(value), `a number of a body is finite: ${value}`);
    return JSON.stringify(value);
  }
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(writeFastjson).join(',')}]`;
  return value instanceof Map ? mapText(value) : objectText(value as FastjsonObject);
}

/** The text in UTF-8. */
export function fastjsonBody(value: FastjsonValue): Buffer {
  return Buffer.from(writeFastjson(value), 'utf8');
}

/** `key:value`, for tables that are too large to be written in one turn: their texts are joined by commas. */
export function fastjsonEntry(key: FastjsonKey, value: FastjsonObject): string {
  return `${keyText(key)}:${objectText(value)}`;
}

/** A queue as a value; Java puts its members in this order. */
function messageQueueText(queue: MessageQueue): string {
  return `{"brokerName":${JSON.stringify(queue.brokerName)},"queueId":${queue.queueId},"topic":${JSON.stringify(queue.topic)}}`;
}

function objectText(object: FastjsonObject): string {
  const members: string[] = [];
  for (const name of Object.keys(object).toSorted()) {
    const value = object[name];
    if (value !== undefined && value !== null) members.push(`${JSON.stringify(name)}:${writeFastjson(value)}`);
  }
  return `{${members.join(',')}}`;
}

function mapText(map: ReadonlyMap<FastjsonKey, FastjsonValue>): string {
  const members: string[] = [];
  for (const [key, value] of map) {
    if (value !== undefined && value !== null) members.push(`${keyText(key)}:${writeFastjson(value)}`);
  }
  return `{${members.join(',')}}`;
}

function keyText(key: FastjsonKey): string {
  if (typeof key === 'string') return JSON.stringify(key);
  if (typeof key === 'object') return messageQueueText(key);
  invariant(Number.isSafeInteger(key), `a number as key of a body is an integer: ${key}`);
  return String(key);
}
