import type { StandardSchemaV1 } from '@standard-schema/spec';
import { jsonCodec } from '../payload/codecs.js';
import type { CodecChain, PayloadCodec } from '../payload/payload-codec.js';
import type { UpcastTable } from '../payload/upcast.js';
import type { TopicDefinition } from './topic-definition.js';
import type { CheckedChain, LastOutput } from './upcast-types.js';

interface CodecOption {
  /** How payloads become bytes: a codec, or a chain `[serialize, compress, encrypt, …]`. Default: JSON. */
  readonly codec?: PayloadCodec | CodecChain | undefined;
}

export interface TopicOptions<T> extends CodecOption {
  /**
   * Any Standard Schema (zod, valibot, arktype, …). Payloads are checked before they are sent and after they were received,
   * and what the schema makes of them is what travels and what handlers get: it must accept its own results.
   */
  readonly schema?: StandardSchemaV1<unknown, NoInfer<T>> | undefined;
  /** Version of the payloads written now. Default: 1. */
  readonly version?: number | undefined;
  /** `{ 1: fn }` turns payloads of version 1 into version 2, and so on up to `version`; a gap fails at start. */
  readonly upcast?: (unknown extends T ? never : UpcastTable) | undefined;
}

/**
 * Names a topic and the type of its messages. Nothing is checked or created here: a bad name or a gap in the chain of
 * versions is reported by the application's start.
 *
 * The type comes from the schema, or is given: `defineTopic<Order>('orders')`. Without a type argument the steps of
 * `upcast` are checked against each other and the schema.
 */
export function defineTopic<Schema extends StandardSchemaV1>(
  name: string,
  options: CodecOption & { readonly schema: Schema },
): TopicDefinition<StandardSchemaV1.InferOutput<Schema>>;
export function defineTopic<T = unknown>(name: string, options?: TopicOptions<T>): TopicDefinition<T>;
export function defineTopic<const Version extends number, Chain extends UpcastTable>(
  name: string,
  options: CodecOption & {
    readonly version: Version;
    readonly upcast: Chain & CheckedChain<Chain, Version, LastOutput<Chain, Version>>;
  },
): TopicDefinition<LastOutput<Chain, Version>>;
export function defineTopic<Schema extends StandardSchemaV1, const Version extends number, Chain extends UpcastTable>(
  name: string,
  options: CodecOption & {
    readonly schema: Schema;
    readonly version: Version;
    readonly upcast: Chain & CheckedChain<Chain, Version, StandardSchemaV1.InferOutput<Schema>>;
  },
): TopicDefinition<StandardSchemaV1.InferOutput<Schema>>;
export function defineTopic(
  name: string,
  options: CodecOption & {
    readonly schema?: StandardSchemaV1 | undefined;
    readonly version?: number | undefined;
    readonly upcast?: UpcastTable | undefined;
  } = {},
): TopicDefinition<unknown> {
  const { schema, version = 1, upcast = {}, codec = jsonCodec } = options;
  return Object.freeze({ name, version, schema, upcast, codec: isChain(codec) ? codec : ([codec] as const) });
}

function isChain(codec: PayloadCodec | CodecChain): codec is CodecChain {
  return Array.isArray(codec);
}
