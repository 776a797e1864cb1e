import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { CodecChain } from '../payload/payload-codec.js';
import type { UpcastTable } from '../payload/upcast.js';

/** Carries a payload type and nothing at run time. A function of it, so that the type is neither widened nor narrowed. */
export declare const payloadType: unique symbol;

/** A topic and the type of its messages; made by `defineTopic`. */
export interface TopicDefinition<T> {
  readonly name: string;
  /** Version of the payloads written now, from 1. */
  readonly version: number;
  readonly schema: StandardSchemaV1<unknown, T> | undefined;
  readonly codec: CodecChain;
  readonly upcast: UpcastTable;
  readonly [payloadType]?: (payload: T) => T;
}

/** The payload type of a topic: `PayloadOf<typeof Orders>`. */
export type PayloadOf<Topic> = Topic extends TopicDefinition<infer T> ? T : never;

/** A topic of any payload, for code that does not look into it. */
export type AnyTopicDefinition = Omit<TopicDefinition<unknown>, typeof payloadType>;
