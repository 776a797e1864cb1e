/**
 * Payload versions. A message carries the version it was written with; a reader brings an older payload forward one
 * version at a time: the function under `n` turns a payload of version n into one of version n + 1.
 */
import { andThen, type MaybePromise } from './maybe-promise.js';
import { attempt, payloadError } from './payload-error.js';

/** User property with the payload's version; absent means 1, so topics that never changed pay nothing for it. */
export const payloadVersionProperty = 'ORBITMQ_PAYLOAD_VERSION';

export type UpcastTable = Readonly<Record<number, (payload: never) => unknown>>;

export interface VersionedTopic {
  readonly name: string;
  readonly version: number;
  readonly upcast: UpcastTable;
}

/** What is wrong with the topic's version and its chain, as sentences. */
export function upcastProblems(topic: VersionedTopic): string[] {
  const { version, upcast } = topic;
  if (!Number.isSafeInteger(version) || version < 1) return [`topic '${topic.name}' has version ${version}: use 1, 2, 3, …`];
  const problems: string[] = [];
  for (let from = 1; from < version; from++) {
    if (typeof upcast[from] !== 'function') {
      problems.push(`topic '${topic.name}' has version ${version} but no upcast from ${from} to ${from + 1}`);
    }
  }
  for (const from of Object.keys(upcast)) {
    const number = Number(from);
    if (!Number.isInteger(number) || number < 1 || number >= version) {
      problems.push(`topic '${topic.name}' has an upcast from ${from}, which is not a version before ${version}`);
    }
  }
  return problems;
}

/** The version a message was written with. Fails with `PAYLOAD_INVALID` when it says nonsense. */
export function payloadVersionOf(topic: VersionedTopic, properties: Readonly<Record<string, string>>): number {
  const text = properties[payloadVersionProperty];
  if (text === undefined) return 1;
  const version = Number(text);
  if (Number.isSafeInteger(version) && version >= 1) return version;
  throw payloadError(topic.name, 'upcast', `'${text}' is not a payload version`);
}

/** Brings a payload from `version` to the topic's. */
export function upcastPayload(topic: VersionedTopic, version: number, payload: unknown): MaybePromise<unknown> {
  if (version === topic.version) return payload;
  if (version > topic.version) {
    const reason = `it has version ${version}, this program knows ${topic.version}: update consumers before producers`;
    throw payloadError(topic.name, 'upcast', reason);
  }
  const step = topic.upcast[version] as ((payload: unknown) => unknown) | undefined;
  if (step === undefined) throw payloadError(topic.name, 'upcast', `there is no upcast from ${version} to ${version + 1}`);
  const next = attempt(topic.name, 'upcast', () => step(payload));
  return andThen(next, (value) => upcastPayload(topic, version + 1, value));
}
