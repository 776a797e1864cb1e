import { ProtocolError } from '@orbitmq/core/kernel';
import { isJsonObject, type JsonObject, type JsonValue, parseFastjsonSteps } from './parse-fastjson.js';
import { inOneTurn, type Steps } from './steps.js';

/**
 * Reads members of parsed bodies. As in Java a missing member has a default, numbers may come as text, and what has the
 * wrong kind is refused with a `ProtocolError` `BODY_INVALID` that names the member.
 */
function wrong(name: string, expected: string): never {
  throw new ProtocolError('BODY_INVALID', `"${name}" of the body is not ${expected}`, { details: { member: name } });
}

/** Bodies that clients send to brokers: a member of thousands of topics stays below it, and reading it blocks nobody for long. */
export const clientBodyBytesMax = 1024 * 1024;
/** The same in values: many small ones cost more than few large ones. */
export const clientBodyValuesMax = 100_000;

/** The object that a body consists of; refused when it has more than `sizeBytesMax` bytes or `valuesMax` values. */
export function parseBody(body: Buffer, sizeBytesMax?: number, valuesMax?: number): JsonObject {
  return inOneTurn(parseBodySteps(body, sizeBytesMax, valuesMax));
}

/** `parseBody` of what may be a large body. */
export function* parseBodySteps(
  body: Buffer,
  sizeBytesMax = Number.POSITIVE_INFINITY,
  valuesMax?: number,
  membersMax?: number,
): Steps<JsonObject> {
  if (body.length > sizeBytesMax) {
    throw new ProtocolError('BODY_INVALID', `the JSON body has ${body.length} bytes, allowed are ${sizeBytesMax}`, {
      details: { sizeBytes: body.length, sizeBytesMax },
    });
  }
  return objectOf(yield* parseFastjsonSteps(body.toString('utf8'), { valuesMax, membersMax }), 'body');
}

export function objectOf(value: JsonValue | undefined, name: string): JsonObject {
  if (!isJsonObject(value)) return wrong(name, 'an object');
  return value;
}

/** An object member; empty when it is missing. */
export function objectField(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return value === undefined || value === null ? (Object.create(null) as JsonObject) : objectOf(value, name);
}

/** A list member; empty when it is missing. */
export function listField(object: JsonObject, name: string): readonly JsonValue[] {
  const value = object[name];
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : wrong(name, 'a list');
}

export function textOf(value: JsonValue | undefined, name: string): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : wrong(name, 'text');
}

export function textField(object: JsonObject, name: string, missing?: string): string {
  const value = object[name];
  if ((value === undefined || value === null) && missing !== undefined) return missing;
  return textOf(value, name);
}

export function optionalTextField(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return value === undefined || value === null ? undefined : textOf(value, name);
}

export function integerOf(value: JsonValue | undefined, name: string): number {
  const number = typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : wrong(name, 'an integer');
}

export function integerField(object: JsonObject, name: string, missing: number): number {
  const value = object[name];
  return value === undefined || value === null ? missing : integerOf(value, name);
}

export function booleanField(object: JsonObject, name: string, missing: boolean): boolean {
  const value = object[name];
  if (value === undefined || value === null) return missing;
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? value.toLowerCase() === 'true' : wrong(name, 'true or false');
}

/** One of `names`; as in Java an unknown name counts as missing. */
export function enumField<T extends string, D>(object: JsonObject, name: string, names: readonly T[], missing: D): T | D {
  const value = object[name];
  return names.find((known) => known === value) ?? missing;
}

/** A map of text to text; refused when it has more than `countMax` entries. */
export function textTable(object: JsonObject, countMax = Number.POSITIVE_INFINITY): Record<string, string> {
  const table = Object.create(null) as Record<string, string>;
  const names = Object.keys(object);
  if (names.length > countMax) {
    throw new ProtocolError('BODY_INVALID', `a table of the body has ${names.length} entries, allowed are ${countMax}`, {
      details: { count: names.length, countMax },
    });
  }
  for (const name of names) {
    if (object[name] !== null) table[name] = textOf(object[name], name);
  }
  return table;
}

/** A body as Java writes it, in UTF-8. */
export function jsonBody(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}
