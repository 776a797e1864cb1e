import { blankRecordBytes, recordSizeOf } from './commit-log/record-size.js';
import type { MessageToStore, PutStatus } from './message-store.js';

/** A record may be this much larger than `maxMessageSize`: topic, properties and fixed fields (page 20 §2.2). */
const recordOverheadBytesMax = 65_536;
/** Lengths are one signed byte and a signed 16-bit number in the record. */
const topicBytesMax = 127;
const propertiesBytesMax = 32_767;

export interface PutSizes {
  readonly maxMessageSize: number;
  readonly fileSizeBytes: number;
}

/** Why a message can never be stored; undefined when it can. */
export function refusalOf(message: MessageToStore, topicBytes: Buffer, sizes: PutSizes): PutStatus | undefined {
  if (topicBytes.length > topicBytesMax) return 'MESSAGE_ILLEGAL';
  if (message.properties.length > propertiesBytesMax) return 'PROPERTIES_SIZE_EXCEEDED';
  // No text has one, and recovery takes zeros at the end of the properties for a write that was not completed.
  if (message.properties.includes(0)) return 'MESSAGE_ILLEGAL';
  if (message.body.length > sizes.maxMessageSize) return 'MESSAGE_ILLEGAL';
  const sizeBytes = recordSizeOf(message, topicBytes);
  if (sizeBytes > sizes.maxMessageSize + recordOverheadBytesMax) return 'MESSAGE_ILLEGAL';
  return fitsFile(sizeBytes, sizes) ? undefined : 'MESSAGE_ILLEGAL';
}

/** A record, or a batch of them, lies whole in one file, before its blank record. */
export function fitsFile(sizeBytes: number, sizes: PutSizes): boolean {
  return sizeBytes + blankRecordBytes <= sizes.fileSizeBytes;
}
