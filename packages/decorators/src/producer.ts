import type { MessageProducer, ProducerOptions, ProducerSettings, TopicDefinition } from '@orbitmq/core';
import { recordClass } from './class-wiring.js';
import { type DualClass, modeOf } from './dual-mode.js';
import type { Dependencies, InjectToken } from './inject-token.js';

type List = readonly InjectToken[] | undefined;

export interface ProducerDecoratorOptions<T, Inject extends List> extends ProducerSettings {
  readonly topic: TopicDefinition<T>;
  /** What the constructor gets, in its order. */
  readonly inject?: Inject;
}

/**
 * Makes a class that extends `MessageProducer<T>` a producer of a group and a topic (RocketMQ: DefaultMQProducer).
 * `@Producer({ group: 'shop', topic: Orders })` or `@Producer('shop', { topic: Orders })`.
 */
export function Producer<T, const Inject extends List = undefined>(
  options: ProducerDecoratorOptions<T, Inject> & ProducerOptions,
): DualClass<Dependencies<Inject>, MessageProducer<T>>;
export function Producer<T, const Inject extends List = undefined>(
  group: string,
  options: ProducerDecoratorOptions<T, Inject>,
): DualClass<Dependencies<Inject>, MessageProducer<T>>;
export function Producer<T, Inject extends List>(
  first: string | (ProducerDecoratorOptions<T, Inject> & ProducerOptions),
  second?: ProducerDecoratorOptions<T, Inject>,
): DualClass<undefined, MessageProducer<T>> {
  const all = typeof first === 'string' ? { ...(second as ProducerDecoratorOptions<T, Inject>), group: first } : first;
  const { topic, inject, ...options } = all;
  return (target, context) => recordClass(target, { kind: 'producer', topic, options, inject, mode: modeOf(context) });
}
