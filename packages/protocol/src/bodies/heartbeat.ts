/** Body of HEART_BEAT (page 05 §2). */
export type ConsumeType = 'CONSUME_PASSIVELY' | 'CONSUME_ACTIVELY' | 'CONSUME_POP';
export type MessageModel = 'CLUSTERING' | 'BROADCASTING' | 'LITE_SELECTIVE';
export type ConsumeFromWhere =
  | 'CONSUME_FROM_LAST_OFFSET'
  | 'CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST'
  | 'CONSUME_FROM_MIN_OFFSET'
  | 'CONSUME_FROM_MAX_OFFSET'
  | 'CONSUME_FROM_FIRST_OFFSET'
  | 'CONSUME_FROM_TIMESTAMP';

export interface SubscriptionData {
  readonly topic: string;
  /** The expression: `*`, `a || b`, or SQL. */
  readonly subString: string;
  readonly tagsSet: readonly string[];
  /** Tag hashes: `javaStringHashCode` of each tag. */
  readonly codeSet: readonly number[];
  /** Grows whenever the subscription changes (a millisecond clock). */
  readonly subVersion: number;
  /** `TAG` or `SQL92`. */
  readonly expressionType: string;
  readonly classFilterMode: boolean;
}

export interface ConsumerData {
  readonly groupName: string;
  readonly consumeType: ConsumeType;
  readonly messageModel: MessageModel;
  readonly consumeFromWhere: ConsumeFromWhere | undefined;
  readonly subscriptionDataSet: readonly SubscriptionData[];
  readonly unitMode: boolean;
}

export interface HeartbeatData {
  readonly clientId: string;
  readonly producerGroups: readonly string[];
  readonly consumers: readonly ConsumerData[];
  /** 5.x (V2 heartbeats); 0: a full one. */
  readonly heartbeatFingerprint: number;
  /** 5.x: the subscriptions are left out; the ones known stay valid. */
  readonly withoutSub: boolean;
}
