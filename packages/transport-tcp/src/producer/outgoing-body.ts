import { ValidationError } from '@orbitmq/core/kernel';
import { compressZlib, SysFlag } from '@orbitmq/protocol';

/** Level 5, as Java's client; more costs time and wins little. */
const compressionLevel = 5;

export interface OutgoingBody {
  readonly bytes: Buffer;
  /** 0, or the bits that say how it is compressed. */
  readonly sysFlag: number;
}

/** The body as a Buffer of the same bytes. Throws a `ValidationError` when it is empty (5.5 brokers refuse that) or too large. */
export function checkedBody(body: Uint8Array, maxBytes: number): Buffer {
  if (body.byteLength === 0) throw new ValidationError('MESSAGE_INVALID', 'the body of the message is empty');
  if (body.byteLength > maxBytes) throw tooLarge(body.byteLength, maxBytes);
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

export function tooLarge(sizeBytes: number, maxBytes: number): ValidationError {
  return new ValidationError(
    'MESSAGE_TOO_LARGE',
    `the message, or the batch, has ${sizeBytes} bytes, at most ${maxBytes} are allowed (maxMessageSize of producer and broker)`,
    { details: { sizeBytes, maxBytes } },
  );
}

/** Compresses a body of at least `overBytes`, and keeps the result when it is smaller (page 03 §4). */
export function compressedBody(body: Buffer, overBytes: number): OutgoingBody {
  if (body.length < overBytes) return { bytes: body, sysFlag: 0 };
  const bytes = compressZlib(body, compressionLevel);
  if (bytes.length >= body.length) return { bytes: body, sysFlag: 0 };
  return { bytes, sysFlag: SysFlag.COMPRESSED | SysFlag.COMPRESSION_ZLIB };
}
