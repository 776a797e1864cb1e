import { encodeHost, type MessageExt } from '@orbitmq/protocol';
import type { MessageToStore } from './message-store.js';

export type MessageChanges = Pick<MessageToStore, 'topic' | 'queueId' | 'properties'> & Partial<MessageToStore>;

/**
 * A stored message as a new one: body, flag, sysFlag, born time and host, store host, reconsume times are kept unless
 * changed (Java: the rebuild methods of ScheduleMessageService and TransactionalMessageBridge, of which the second loses `flag`).
 */
export function copyMessage(message: MessageExt, changes: MessageChanges): MessageToStore {
  return {
    flag: message.flag,
    sysFlag: message.sysFlag,
    bornTimestamp: message.bornTimestamp,
    bornHost: encodeHost(message.bornHost),
    storeHost: encodeHost(message.storeHost),
    reconsumeTimes: message.reconsumeTimes,
    preparedTransactionOffset: 0,
    body: message.body,
    waitStore: true,
    ...changes,
  };
}
