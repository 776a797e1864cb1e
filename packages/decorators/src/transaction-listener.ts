import type { LocalTransaction, MessageProducer } from '@orbitmq/core';
import { recordClass } from './class-wiring.js';
import { type DualClass, modeOf } from './dual-mode.js';
import type { AbstractClass, Dependencies, InjectToken } from './inject-token.js';

type List = readonly InjectToken[] | undefined;

export interface TransactionListenerOptions<Inject extends List> {
  /** What the constructor gets, in its order. */
  readonly inject?: Inject;
}

/**
 * Makes a class that implements `LocalTransaction<T>` the listener of a producer's transactions (RocketMQ:
 * TransactionListener, rocketmq-spring: RocketMQTransactionListener). The producer's `sendInTransaction` then works.
 */
export function TransactionListener<T, const Inject extends List = undefined>(
  producer: AbstractClass<MessageProducer<T>>,
  options: TransactionListenerOptions<Inject> = {},
): DualClass<Dependencies<Inject>, LocalTransaction<T>> {
  const { inject } = options;
  return (target, context) => recordClass(target as object, { kind: 'transaction', producer, inject, mode: modeOf(context) });
}
