/** What a message is to who counts (Java: TopicMessageType of BrokerMetricsManager.getMessageType; page 34 §3.2). */
export const MessageType = { NORMAL: 0, FIFO: 1, DELAY: 2, TRANSACTION: 3 } as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** By type, as labels name them. */
export const messageTypeNames = ['normal', 'fifo', 'delay', 'transaction'] as const;
