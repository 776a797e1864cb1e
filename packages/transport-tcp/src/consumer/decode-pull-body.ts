/**
 * Turns the body of a pull answer into messages for handlers (Java: PullAPIWrapper#processPullResult; pages 04 §5, 08 §5).
 * The tag filter is exact here: the broker compares hashes only.
 */
import { decodeBatch, decompressBody, findProperty, type MessageExt, PropertyName, SysFlag, viewRecord } from '@orbitmq/protocol';
import { type PullContext, ReceivedMessage } from './received-message.js';

export interface PulledMessages {
  readonly messages: readonly ReceivedMessage[];
  /**
   * A record that cannot be read: the messages before it are good, the next pull begins at `resumeOffset` and must not
   * skip it. Undefined when all is well.
   */
  readonly broken: { readonly error: unknown; readonly resumeOffset: number } | undefined;
}

export function decodePullBody(input: {
  readonly body: Buffer | undefined;
  /** The offset that was asked for. */
  readonly queueOffset: number;
  /** Undefined: no filter. */
  readonly tags: ReadonlySet<string> | undefined;
  readonly context: PullContext;
}): PulledMessages {
  const { body, tags, context } = input;
  const messages: ReceivedMessage[] = [];
  let resumeOffset = input.queueOffset;
  let at = 0;
  while (body !== undefined && at < body.length) {
    try {
      const record = viewRecord(body, at);
      at += record.storeSizeBytes;
      if ((record.sysFlag & SysFlag.INNER_BATCH) === 0) {
        if (isWanted(record, tags)) messages.push(new ReceivedMessage(record, context));
        resumeOffset = record.queueOffset + 1;
      } else {
        const entries = unwrapBatch(record, context.bodyBytesMax);
        for (const entry of entries) if (isWanted(entry, tags)) messages.push(new ReceivedMessage(entry, context));
        resumeOffset = record.queueOffset + Math.max(1, entries.length);
      }
    } catch (error) {
      return { messages, broken: { error, resumeOffset } };
    }
  }
  return { messages, broken: undefined };
}

/** A message without a tag passes only where everything does. */
function isWanted(record: MessageExt, tags: ReadonlySet<string> | undefined): boolean {
  if (tags === undefined) return true;
  const tag = findProperty(record.propertiesBytes, PropertyName.TAGS);
  return tag !== undefined && tags.has(tag);
}

/** 5.x stores the batches of a BatchCQ topic as one record (page 08 §4): entry i has the outer offset + i. */
function unwrapBatch(outer: MessageExt, bodyBytesMax: number): readonly MessageExt[] {
  const isCompressed = (outer.sysFlag & SysFlag.COMPRESSED) !== 0;
  const body = isCompressed ? decompressBody(outer.body, outer.sysFlag, bodyBytesMax) : outer.body;
  const entries = decodeBatch(body);
  const cleared = SysFlag.NEED_UNWRAP | SysFlag.INNER_BATCH | SysFlag.COMPRESSED | SysFlag.COMPRESSION_TYPE_MASK;
  return entries.map((entry, index) => ({
    storeSizeBytes: Math.ceil(outer.storeSizeBytes / entries.length),
    bodyCrc: 0,
    topic: outer.topic,
    queueId: outer.queueId,
    flag: entry.flag,
    queueOffset: outer.queueOffset + index,
    physicalOffset: outer.physicalOffset,
    sysFlag: outer.sysFlag & ~cleared,
    bornTimestamp: outer.bornTimestamp,
    bornHost: outer.bornHost,
    storeTimestamp: outer.storeTimestamp,
    storeHost: outer.storeHost,
    reconsumeTimes: outer.reconsumeTimes,
    preparedTransactionOffset: outer.preparedTransactionOffset,
    body: entry.body,
    propertiesBytes: entry.properties,
  }));
}
