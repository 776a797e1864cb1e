import { ProtocolError, ValidationError } from '@orbitmq/core/kernel';

/** size, magic, crc, flag, bodyLength (int32 each) and propertiesLength (int16). */
const entryBytesMin = 22;
const propertiesBytesMax = 32767;

export interface BatchMessage {
  readonly flag: number;
  readonly body: Buffer;
  readonly properties: string;
}

export interface BatchEntry {
  readonly flag: number;
  /** Views of the batch. */
  readonly body: Buffer;
  readonly properties: Buffer;
}

/** The body of a batch send (page 03 §6). Throws a `ValidationError` `MESSAGE_INVALID` when properties are too large for it. */
export function encodeBatch(messages: readonly BatchMessage[]): Buffer {
  let sizeBytes = 0;
  for (const message of messages) {
    const propertiesBytes = Buffer.byteLength(message.properties);
    if (propertiesBytes > propertiesBytesMax) {
      throw new ValidationError(
        'MESSAGE_INVALID',
        `the properties have ${propertiesBytes} bytes, allowed are ${propertiesBytesMax}`,
      );
    }
    sizeBytes += entryBytesMin + message.body.length + propertiesBytes;
  }
  const batch = Buffer.allocUnsafe(sizeBytes);
  let at = 0;
  for (const { flag, body, properties } of messages) {
    batch.writeInt32BE(0, at + 4);
    batch.writeInt32BE(0, at + 8);
    batch.writeInt32BE(flag, at + 12);
    batch.writeInt32BE(body.length, at + 16);
    batch.set(body, at + 20);
    const propertiesAt = at + 20 + body.length;
    const propertiesBytes = batch.write(properties, propertiesAt + 2, 'utf8');
    batch.writeInt16BE(propertiesBytes, propertiesAt);
    const end = propertiesAt + 2 + propertiesBytes;
    batch.writeInt32BE(end - at, at);
    at = end;
  }
  return batch;
}

function malformed(reason: string): never {
  throw new ProtocolError('BODY_INVALID', `the batch is malformed: ${reason}`);
}

/** Reads the body of a batch send, and no more than `countMax` entries of it. Throws a `ProtocolError` `BODY_INVALID`. */
export function decodeBatch(body: Buffer, countMax = Number.POSITIVE_INFINITY): BatchEntry[] {
  const entries: BatchEntry[] = [];
  let at = 0;
  while (at < body.length && entries.length < countMax) {
    if (body.length - at < entryBytesMin) malformed('an entry is cut off');
    const end = at + body.readInt32BE(at);
    const bodyStart = at + 20;
    const bodyEnd = bodyStart + body.readInt32BE(at + 16);
    if (end > body.length || bodyEnd < bodyStart || bodyEnd > end - 2) malformed('a length does not fit');
    const propertiesLength = body.readInt16BE(bodyEnd);
    if (propertiesLength < 0 || bodyEnd + 2 + propertiesLength !== end)
      malformed('the parts of an entry do not make up its size');
    entries.push({
      flag: body.readInt32BE(at + 12),
      body: body.subarray(bodyStart, bodyEnd),
      properties: body.subarray(bodyEnd + 2, end),
    });
    at = end;
  }
  return entries;
}
