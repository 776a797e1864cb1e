import type { MessageView } from '../message/message-view.js';
import type { ConsumeContext } from './consume-context.js';

/**
 * Handles one message. Resolving acknowledges it; rejecting has it delivered again later, and after `maxReconsumeTimes`
 * moved to `%DLQ%group`. A message can come more than once: `messageId` is the key to recognise it by.
 */
export type HandleMessage<T> = (message: MessageView<T>, context: ConsumeContext) => Promise<void>;

/** Handles several messages of one queue, in offset order; resolving acknowledges all of them. */
export type HandleBatch<T> = (messages: readonly MessageView<T>[], context: ConsumeContext) => Promise<void>;

/** What a `@Consumer` class implements. */
export interface MessageHandler<T> {
  readonly onMessage: HandleMessage<T>;
}

/** What a `@Consumer` class with the option `batch` implements. */
export interface BatchMessageHandler<T> {
  readonly onMessage: HandleBatch<T>;
}
