/** What a RECALL_MESSAGE asks for (Java: RecallMessageProcessor; page 06 §5), as the cancellation that is stored for it. */
import { decodeRecallHandle, PropertyName, ResponseCode } from '@orbitmq/protocol';

export interface RecallFacts {
  readonly topic: string;
  readonly recallHandle: string;
  readonly brokerName: string;
  readonly nowMs: number;
  readonly maxDelayMs: number;
  /** `appendTopicForTimerDeleteKey`: 5.3.2 and 5.3.3 name the topic in the key, 5.5.0 does not. */
  readonly isTopicInKey: boolean;
}

/** What is stored to take a message back. */
export interface Cancellation {
  readonly kind: 'cancellation';
  readonly uniqueKey: string;
  /** In the tick of the message. */
  readonly deliverMs: number;
  readonly properties: Readonly<Record<string, string>>;
}

export type Recall = { readonly kind: 'refused'; readonly code: number; readonly remark: string } | Cancellation;

/** Java's, so that tools see what they know. */
export const recallBody = Buffer.from('0');
const recallTag = '_RECALL_TAG_';

export function recallOf(facts: RecallFacts): Recall {
  const handle = decodeRecallHandle(facts.recallHandle);
  if (handle === undefined) return illegal('recall handle is invalid');
  if (handle.topic !== facts.topic) return illegal('recall failed, the handle is of another topic');
  if (handle.brokerName !== facts.brokerName) return illegal('recall failed, the handle is of another broker');
  const leftMs = handle.timestamp - facts.nowMs;
  if (leftMs <= 0 || leftMs > facts.maxDelayMs)
    return illegal('recall failed, timestamp invalid: the message is due, or never was');
  const { topic, uniqueKey, timestamp } = handle;
  return {
    kind: 'cancellation',
    uniqueKey,
    deliverMs: timestamp,
    properties: {
      [PropertyName.TAGS]: recallTag,
      [PropertyName.UNIQ_KEY]: uniqueKey,
      [PropertyName.TIMER_DELIVER_MS]: String(timestamp),
      [PropertyName.TIMER_DEL_UNIQKEY]: facts.isTopicInKey ? `${topic}+${uniqueKey}` : uniqueKey,
    },
  };
}

/** The timestamp of a handle: one millisecond into the tick, so that it is of the same tick when it is asked for again. */
export function handleTimestamp(outMs: number): number {
  return outMs + 1;
}

function illegal(remark: string): Recall {
  return { kind: 'refused', code: ResponseCode.ILLEGAL_OPERATION, remark };
}
