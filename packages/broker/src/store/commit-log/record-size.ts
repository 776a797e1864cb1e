import type { MessageToStore } from '../message-store.js';

/** A V1 record without hosts, body, topic and properties (page 08 §1). */
const fixedBytes = 75;

/** Size of the blank record, which says that the rest of a file is unused. */
export const blankRecordBytes = 8;

/** Size of a message's record, without making an object for the encoder; the appender asserts that both agree. */
export function recordSizeOf(message: MessageToStore, topicBytes: { readonly length: number }): number {
  return (
    fixedBytes +
    message.bornHost.length +
    message.storeHost.length +
    topicBytes.length +
    message.body.length +
    message.properties.length
  );
}
