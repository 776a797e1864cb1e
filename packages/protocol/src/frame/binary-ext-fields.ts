import { ProtocolError } from '@orbitmq/core/kernel';
import type { FieldSpans } from './field-spans.js';
import type { ExtFields } from './remoting-command.js';

function malformed(reason: string): never {
  throw new ProtocolError('HEADER_INVALID', `the binary header is malformed: ${reason}`);
}

/**
 * Passes over the entries `i16 nameLength, name, i32 valueLength, value`, which have to fill the block exactly, and notes
 * where they stand. A name or value of no bytes reads as absent, as in Java (page 01 §4).
 */
export function scanBinaryExtFields(bytes: Buffer, start: number, end: number, spans: FieldSpans): void {
  let at = start;
  while (at < end) {
    if (end - at < 6) malformed('an extended field is cut off');
    const nameLength = bytes.readInt16BE(at);
    const nameStart = at + 2;
    if (nameLength < 0 || nameLength > end - nameStart - 4) malformed('the name of an extended field does not fit');
    const nameEnd = nameStart + nameLength;
    const valueLength = bytes.readInt32BE(nameEnd);
    const valueStart = nameEnd + 4;
    if (valueLength < 0 || valueLength > end - valueStart) malformed('the value of an extended field does not fit');
    at = valueStart + valueLength;
    if (nameLength > 0 && valueLength > 0) spans.add(nameStart, nameEnd, valueStart, at, 0);
    else spans.addEmpty();
  }
}

/** Builds `extFields` from a block that `scanBinaryExtFields` has accepted. The result has no prototype. */
export function parseBinaryExtFields(bytes: Buffer, start: number, end: number): ExtFields {
  const extFields = Object.create(null) as ExtFields;
  let at = start;
  while (at < end) {
    const nameStart = at + 2;
    const nameEnd = nameStart + bytes.readInt16BE(at);
    const valueStart = nameEnd + 4;
    const valueEnd = valueStart + bytes.readInt32BE(nameEnd);
    if (nameEnd > nameStart && valueEnd > valueStart) {
      extFields[bytes.toString('utf8', nameStart, nameEnd)] = bytes.toString('utf8', valueStart, valueEnd);
    }
    at = valueEnd;
  }
  return extFields;
}
