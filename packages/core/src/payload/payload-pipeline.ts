import type { AnyTopicDefinition } from '../topic/topic-definition.js';
import { andThen, type MaybePromise } from './maybe-promise.js';
import { attempt } from './payload-error.js';
import { payloadVersionOf, upcastPayload } from './upcast.js';
import { validatePayload } from './validate-payload.js';

export interface EncodedPayload {
  /** What the schema made of the payload. */
  readonly payload: unknown;
  readonly body: Uint8Array;
}

/** validate → serialize → the later steps of the chain. Fails with `PAYLOAD_INVALID`. */
export function encodePayload(topic: AnyTopicDefinition, given: unknown): MaybePromise<EncodedPayload> {
  const valid = validatePayload(topic.name, topic.schema, given);
  return valid instanceof Promise ? valid.then((payload) => encodeValid(topic, payload)) : encodeValid(topic, valid);
}

function encodeValid(topic: AnyTopicDefinition, payload: unknown): MaybePromise<EncodedPayload> {
  const serialized = attempt(topic.name, 'encode', () => topic.codec[0].encode(payload));
  const body = runSteps(topic, 'encode', serialized);
  return body instanceof Promise ? body.then((bytes) => ({ payload, body: bytes })) : { payload, body };
}

/** The steps of the chain in reverse → deserialize → upcast → validate. Fails with `PAYLOAD_INVALID`. */
export function decodePayload(
  topic: AnyTopicDefinition,
  body: Uint8Array,
  properties: Readonly<Record<string, string>>,
): MaybePromise<unknown> {
  const version = payloadVersionOf(topic, properties);
  const serialized = runSteps(topic, 'decode', body);
  const decoded =
    serialized instanceof Promise ? serialized.then((bytes) => deserialize(topic, bytes)) : deserialize(topic, serialized);
  const current = version === topic.version ? decoded : andThen(decoded, (payload) => upcastPayload(topic, version, payload));
  return topic.schema === undefined ? current : andThen(current, (payload) => validatePayload(topic.name, topic.schema, payload));
}

function deserialize(topic: AnyTopicDefinition, bytes: Uint8Array): MaybePromise<unknown> {
  return attempt(topic.name, 'decode', () => topic.codec[0].decode(bytes));
}

/** All steps behind the codec: forwards for `encode`, backwards for `decode`. Most topics have none. */
function runSteps(
  { name, codec }: AnyTopicDefinition,
  direction: 'encode' | 'decode',
  start: MaybePromise<Uint8Array>,
): MaybePromise<Uint8Array> {
  if (codec.length === 1) return start;
  const [, ...steps] = codec;
  if (direction === 'decode') steps.reverse();
  let body = start;
  for (const step of steps) body = andThen(body, (bytes) => attempt(name, direction, () => step[direction](bytes)));
  return body;
}
