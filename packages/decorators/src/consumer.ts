import type { BatchMessageHandler, ConsumerOptions, ConsumerSettings, MessageHandler, TopicDefinition } from '@orbitmq/core';
import { recordClass } from './class-wiring.js';
import { type DualClass, modeOf } from './dual-mode.js';
import type { Dependencies, InjectToken } from './inject-token.js';

type List = readonly InjectToken[] | undefined;
type Batch = ConsumerSettings['batch'];

/** Stands for the payload of a consumer that names no topic. */
declare const noTopic: unique symbol;
type NoTopic = typeof noTopic;

export interface ConsumerDecoratorOptions<T, B extends Batch, Inject extends List> extends Omit<ConsumerSettings, 'batch'> {
  /** What `onMessage` takes; left out when the class has methods with `@OnMessage` only. */
  readonly topic?: TopicDefinition<T>;
  /** `a || b`; default: all. */
  readonly tags?: string | undefined;
  /** Gives `onMessage` up to `size` messages at once, waiting up to `waitMs` (default 0) for them. */
  readonly batch?: B;
  /** What the constructor gets, in its order. */
  readonly inject?: Inject;
}

/** What a class must have: nothing without a topic, else an `onMessage` for its payload. */
export type HandlerFor<T, B extends Batch> = [T] extends [NoTopic]
  ? object
  : [B] extends [undefined]
    ? MessageHandler<T>
    : BatchMessageHandler<T>;

/**
 * Makes a class a consumer group of this process (RocketMQ: DefaultMQPushConsumer, rocketmq-spring: RocketMQMessageListener).
 * `@Consumer({ group: 'billing', topic: Orders, tags: 'placed || paid' })` or `@Consumer('billing', { … })`.
 */
export function Consumer<T = NoTopic, const B extends Batch = undefined, const Inject extends List = undefined>(
  options: ConsumerDecoratorOptions<T, B, Inject> & ConsumerOptions,
): DualClass<Dependencies<Inject>, HandlerFor<T, B>>;
export function Consumer<T = NoTopic, const B extends Batch = undefined, const Inject extends List = undefined>(
  group: string,
  options?: ConsumerDecoratorOptions<T, B, Inject>,
): DualClass<Dependencies<Inject>, HandlerFor<T, B>>;
export function Consumer<T, B extends Batch, Inject extends List>(
  first: string | (ConsumerDecoratorOptions<T, B, Inject> & ConsumerOptions),
  second: ConsumerDecoratorOptions<T, B, Inject> = {},
): DualClass<undefined, unknown> {
  const all = typeof first === 'string' ? { ...second, group: first } : first;
  const { topic, tags, inject, ...options } = all;
  return (target, context) => recordClass(target, { kind: 'consumer', topic, tags, options, inject, mode: modeOf(context) });
}
