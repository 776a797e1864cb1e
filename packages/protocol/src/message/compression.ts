import { deflateSync, inflateSync } from 'node:zlib';
import { ProtocolError } from '@orbitmq/core/kernel';
import { SysFlag } from './sys-flag.js';

/** Compresses as Java's clients do by default: a zlib stream, level 5 (page 03 §4). */
export function compressZlib(body: Buffer, level = 5): Buffer {
  return deflateSync(body, { level });
}

/** Inflates a zlib stream that may not yield more than `maxBytes`. Throws a `ProtocolError` `BODY_INVALID`. */
export function inflateBounded(stream: Buffer, maxBytes: number): Buffer {
  try {
    return inflateSync(stream, { maxOutputLength: Math.max(1, maxBytes) });
  } catch (cause) {
    const isTooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const reason = isTooLarge ? `it is larger than ${maxBytes} bytes when inflated` : 'it is not a whole zlib stream';
    throw new ProtocolError('BODY_INVALID', `the compressed body cannot be read: ${reason}`, { cause });
  }
}

/**
 * The plain body of a message: unchanged when `sysFlag` says that it is not compressed. Throws a `ProtocolError`:
 * `BODY_INVALID` when it cannot be inflated within `maxBytes`, `COMPRESSION_UNSUPPORTED` for LZ4 and Zstd.
 */
export function decompressBody(body: Buffer, sysFlag: number, maxBytes: number): Buffer {
  if ((sysFlag & SysFlag.COMPRESSED) === 0) return body;
  const type = sysFlag & SysFlag.COMPRESSION_TYPE_MASK;
  if (type === 0 || type === SysFlag.COMPRESSION_ZLIB) return inflateBounded(body, maxBytes);
  const name = type === SysFlag.COMPRESSION_LZ4 ? 'LZ4' : type === SysFlag.COMPRESSION_ZSTD ? 'Zstd' : `unknown (${type >> 8})`;
  throw new ProtocolError('COMPRESSION_UNSUPPORTED', `the body's compression is ${name}; only zlib can be read`, {
    details: { compression: name },
  });
}
