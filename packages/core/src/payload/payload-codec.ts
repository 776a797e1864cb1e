/** Turns payloads into bytes and back: the first step of a topic's codec chain. */
export interface PayloadCodec {
  /** For people: `json`, `protobuf`, … */
  readonly name: string;
  /** May throw when the payload cannot be written. */
  encode(payload: unknown): Uint8Array;
  /** Must throw when the bytes are not a payload. `bytes` may be a view of a larger buffer: copy what is kept. */
  decode(bytes: Uint8Array): unknown;
}

/** A later step of the chain, bytes to bytes: compression, encryption, claim check. Undone in reverse order on receipt. */
export interface BodyStep {
  readonly name: string;
  encode(body: Uint8Array): Uint8Array | Promise<Uint8Array>;
  decode(body: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** serialize → step → step …; every program that uses the topic has the same chain. */
export type CodecChain = readonly [PayloadCodec, ...BodyStep[]];
