import { versionMaxReconsumeTimes } from '@orbitmq/protocol';

/** Retry n waits at level 3 + n: 10 s, 30 s, 1 m … (page 06 §2). */
const firstRetryLevel = 3;

/** How often a message may be retried: what the client says when it is new enough to say it, else the group's setting. */
export function maxReconsumeTimesOf(clientVersion: number, asked: number | undefined, retryMaxTimes: number): number {
  return clientVersion >= versionMaxReconsumeTimes && asked !== undefined ? asked : retryMaxTimes;
}

/** What becomes of a message that a consumer sends back (Java: AbstractSendMessageProcessor.consumerSendMsgBack; page 06 §2). */
export type SendBackDecision = { readonly kind: 'retry'; readonly delayLevel: number } | { readonly kind: 'dead-letter' };

export function decideSendBack(facts: {
  /** How often the message was retried before. */
  readonly reconsumeTimes: number;
  readonly maxReconsumeTimes: number;
  /** The client's wish: below 0 dead letter now, 0 the broker decides, above 0 that level. */
  readonly delayLevel: number;
  /** Of the group. Without any nothing can come again: a dead letter, where Java stores nothing and answers success. */
  readonly retryQueueNums: number;
}): SendBackDecision {
  if (facts.retryQueueNums <= 0 || facts.delayLevel < 0 || facts.reconsumeTimes >= facts.maxReconsumeTimes)
    return { kind: 'dead-letter' };
  return { kind: 'retry', delayLevel: facts.delayLevel > 0 ? facts.delayLevel : firstRetryLevel + facts.reconsumeTimes };
}

/**
 * Whether an ordinary send to `%RETRY%group` goes to the dead letters (Java 5.x: SendMessageProcessor.handleRetryAndDLQ; page
 * 06 §3). Here `reconsumeTimes` counts the retry that is being sent, hence `>`. While an orderly lock of the group lives, the
 * sender is an orderly consumer, which sends only what it has given up.
 */
export function isDeadLetterSend(facts: {
  readonly reconsumeTimes: number;
  readonly maxReconsumeTimes: number;
  readonly hasLiveLock: boolean;
}): boolean {
  return facts.hasLiveLock || facts.reconsumeTimes > facts.maxReconsumeTimes;
}
