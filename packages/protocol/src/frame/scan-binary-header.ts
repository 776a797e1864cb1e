import { ProtocolError } from '@orbitmq/core/kernel';
import { languageName, languageOrdinal } from '../language-code.js';
import { scanBinaryExtFields } from './binary-ext-fields.js';
import { latestFieldSpans } from './field-spans.js';
import type { ReceivedCommand } from './received-command.js';

/** Bytes of a header without remark and extended fields. */
const fixedBytes = 21;

function malformed(reason: string): never {
  throw new ProtocolError('HEADER_INVALID', `the binary header is malformed: ${reason}`);
}

/** Reads a ROCKETMQ header (page 01 §4) between `start` and `end`, and checks that its parts fill it exactly. */
export function scanBinaryHeader(command: ReceivedCommand, start: number, end: number): void {
  const { bytes } = command;
  if (end - start < fixedBytes) malformed('it is shorter than its fixed fields');
  command.code = bytes.readInt16BE(start);
  command.language = languageOrdinal(languageName(bytes.readUInt8(start + 2)));
  command.version = bytes.readInt16BE(start + 3);
  command.opaque = bytes.readInt32BE(start + 5);
  command.flag = bytes.readInt32BE(start + 9);
  const remarkLength = bytes.readInt32BE(start + 13);
  const remarkStart = start + 17;
  if (remarkLength < 0 || remarkLength > end - start - fixedBytes) malformed('the remark does not fit');
  if (remarkLength > 0) {
    command.remarkStart = remarkStart;
    command.remarkEnd = remarkStart + remarkLength;
  }
  const extLength = bytes.readInt32BE(remarkStart + remarkLength);
  const extStart = remarkStart + remarkLength + 4;
  if (extLength !== end - extStart) malformed('the extended fields do not end where the header ends');
  if (extLength > 0) {
    command.fieldScan = latestFieldSpans.begin();
    scanBinaryExtFields(bytes, extStart, end, latestFieldSpans);
    command.extStart = extStart;
    command.extEnd = end;
  }
}
