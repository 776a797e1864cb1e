import { isMqError } from '@orbitmq/core/kernel';
import { decodeOffsetMessageId } from '@orbitmq/protocol';

/** The place in the log that an offset message id names; undefined for what is no such id. */
export function physicalOffsetOf(messageId: string): number | undefined {
  try {
    return decodeOffsetMessageId(messageId).physicalOffset;
  } catch (error) {
    if (!isMqError(error)) throw error;
    return undefined;
  }
}
