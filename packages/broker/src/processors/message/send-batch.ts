import { isMqError } from '@orbitmq/core/kernel';
import { decodeBatch, decodeProperties, ResponseCode, SysFlag } from '@orbitmq/protocol';
import { delayLevelOf } from '../../schedule/delay-rewrite.js';
import type { MessageToStore } from '../../store/message-store.js';
import { Refusal } from './refusal.js';

export interface BatchFacts {
  readonly body: Buffer;
  /** The properties of the batch itself, not of its messages. */
  readonly properties: Buffer;
  readonly sysFlag: number;
  readonly isRetryTopic: boolean;
  readonly countMax: number;
}

/**
 * The messages of a batch (page 03 §6). Each is an ordinary message with its own flag, body and properties, which are stored as
 * they came (as 5.5); everything else is that of the batch.
 */
export function batchMessages(facts: BatchFacts, common: MessageToStore): readonly MessageToStore[] | Refusal {
  const illegal = illegalBatch(facts);
  if (illegal !== undefined) return new Refusal(ResponseCode.MESSAGE_ILLEGAL, `the batch is illegal: ${illegal}`);
  try {
    const entries = decodeBatch(facts.body);
    if (entries.length === 0) return new Refusal(ResponseCode.SYSTEM_ERROR, 'the batch has no message');
    if (entries.length > facts.countMax) {
      return new Refusal(ResponseCode.MESSAGE_ILLEGAL, `the batch is illegal: it has more than ${facts.countMax} messages`);
    }
    return entries.map((entry) => ({ ...common, flag: entry.flag, body: entry.body, properties: entry.properties }));
  } catch (error) {
    if (!isMqError(error)) throw error;
    return new Refusal(ResponseCode.SYSTEM_ERROR, `the batch is malformed: ${error.message}`);
  }
}

function illegalBatch(facts: BatchFacts): string | undefined {
  if (facts.isRetryTopic) return 'batches cannot be retried';
  if ((facts.sysFlag & SysFlag.TRANSACTION_MASK) !== 0) return 'batches cannot be transactional';
  const level = delayLevelOf(decodeProperties(facts.properties));
  return level === undefined || level > 0 ? 'batches cannot be delayed' : undefined;
}
