import { encodeHost, encodeProperties, PropertyName, SysFlag, SystemTopic } from '@orbitmq/protocol';
import type { MessageToStore } from '../store/message-store.js';
import { type HalfMessage, halfQueueId } from './half-message.js';

const opTag = 'd';
const properties = Buffer.from(encodeProperties({ [PropertyName.TAGS]: opTag }));

/** `Message.flag` of an op message that decides nothing: a newer copy of the half took this one's place. Apache sees no difference. */
export const replacedFlag = 1;

/**
 * Says that the half at an offset of the half queue is handled (page 07 §2). One number per message: 4.9 reads no more, 5.x
 * reads that too (page 00 §6). Its hosts are the broker that stored the half.
 */
export function opMessage(half: HalfMessage, halfOffset: number, isReplaced: boolean, now: number): MessageToStore {
  const host = encodeHost(half.message.storeHost);
  const isIpv6 = (half.message.sysFlag & SysFlag.STORE_HOST_V6) !== 0;
  return {
    topic: SystemTopic.TRANS_OP_HALF,
    queueId: halfQueueId,
    flag: isReplaced ? replacedFlag : 0,
    sysFlag: isIpv6 ? SysFlag.BORN_HOST_V6 | SysFlag.STORE_HOST_V6 : 0,
    bornTimestamp: now,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.from(String(halfOffset)),
    properties,
    waitStore: true,
  };
}

/** The half offsets that an op message names: `5` of 4.9 and ours, `5,6,7,` of 5.x. What is no number is left out. */
export function readOpBody(body: Buffer): number[] {
  return body
    .toString('latin1')
    .split(',')
    .filter((item) => /^\d{1,16}$/.test(item))
    .map(Number);
}
