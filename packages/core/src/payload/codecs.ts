import { isUtf8 } from 'node:buffer';
import type { PayloadCodec } from './payload-codec.js';

/** UTF-8 JSON, the default: what most RocketMQ applications put into a body. */
export const jsonCodec: PayloadCodec = {
  name: 'json',
  encode(payload) {
    const text: string | undefined = JSON.stringify(payload);
    if (text === undefined) throw new TypeError(`JSON has no form for ${typeof payload}`);
    return Buffer.from(text);
  },
  decode(bytes) {
    return JSON.parse(decodeUtf8(bytes));
  },
};

/** The body is a text in UTF-8; payloads are strings. */
export const textCodec: PayloadCodec = {
  name: 'text',
  encode(payload) {
    if (typeof payload !== 'string') throw new TypeError(`a text topic takes strings, not ${typeof payload}`);
    if (!payload.isWellFormed()) throw new TypeError('the text contains a lone surrogate, which UTF-8 cannot carry');
    return Buffer.from(payload);
  },
  decode: decodeUtf8,
};

/** The body is passed as it is; payloads are `Uint8Array`s. */
export const bytesCodec: PayloadCodec = {
  name: 'bytes',
  encode(payload) {
    if (!(payload instanceof Uint8Array)) throw new TypeError(`a bytes topic takes Uint8Arrays, not ${typeof payload}`);
    return payload;
  },
  // A copy, since the received bytes are the handler's for its call only; from Node's pool, which costs a fifth of memory of its own.
  decode: (bytes) => Buffer.from(bytes),
};

function decodeUtf8(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new TypeError('the bytes are not UTF-8');
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('utf8');
}
