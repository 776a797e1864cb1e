/** The way without classes: the same records as the decorators make, for the same runtime. */
import type { HandleBatch, HandleMessage } from '../consumer/message-handler.js';
import { MessageProducer } from '../producer/message-producer.js';
import type { TopicDefinition } from '../topic/topic-definition.js';
import type { LocalTransaction } from '../transaction/local-transaction.js';
import type { Component } from './component.js';
import type { ConsumerOptions } from './consumer-options.js';
import type { ProducerOptions } from './producer-options.js';

/** Where a provider that needs no container keeps its records. Registered, so that two copies of the package agree. */
export const providedComponents: unique symbol = Symbol.for('orbitmq.providedComponents') as never;

/** A provider that brings its own records. */
export interface ComponentProvider {
  readonly [providedComponents]: readonly Component[];
}

export function isComponentProvider(value: unknown): value is ComponentProvider {
  return typeof value === 'object' && value !== null && providedComponents in value;
}

export interface FunctionalProducerOptions<T> extends ProducerOptions {
  /** Makes the producer transactional. */
  readonly transaction?: LocalTransaction<T> | undefined;
}

/** A producer without a class; usable once an application that has it among its providers is started. */
export class FunctionalProducer<T> extends MessageProducer<T> implements ComponentProvider {
  readonly [providedComponents]: readonly Component[];

  constructor(topic: TopicDefinition<T>, options: FunctionalProducerOptions<T>) {
    super();
    const { transaction, ...settings } = options;
    const name = `producer('${topic.name}')`;
    const own: Component = { kind: 'producer', name, identity: this, topic, options: settings, resolve: () => this };
    const listener: Component[] =
      transaction === undefined
        ? []
        : [
            {
              kind: 'transaction',
              name: `transaction of ${name}`,
              producer: this,
              producerName: name,
              resolve: () => transaction,
            },
          ];
    this[providedComponents] = [own, ...listener];
  }
}

/** `const orders = producer(Orders, { group: 'shop' })`: put it among the providers, then `orders.send(…)`. */
export function producer<T>(topic: TopicDefinition<T>, options: FunctionalProducerOptions<T>): FunctionalProducer<T> {
  return new FunctionalProducer(topic, options);
}

export interface FunctionalConsumerOptions extends ConsumerOptions {
  /** `a || b`; default: all. */
  readonly tags?: string | undefined;
}

/** `consume(Orders, { group: 'billing' }, async (message, context) => { … })`: a consumer for the list of providers. */
export function consume<T>(
  topic: TopicDefinition<T>,
  options: FunctionalConsumerOptions & { readonly batch: NonNullable<ConsumerOptions['batch']> },
  handler: HandleBatch<T>,
): ComponentProvider;
export function consume<T>(
  topic: TopicDefinition<T>,
  options: FunctionalConsumerOptions & { readonly batch?: undefined },
  handler: HandleMessage<T>,
): ComponentProvider;
export function consume<T>(
  topic: TopicDefinition<T>,
  options: FunctionalConsumerOptions,
  handler: HandleMessage<T> | HandleBatch<T>,
): ComponentProvider {
  const { tags, ...settings } = options;
  const name = `consume('${topic.name}', '${options.group}')`;
  const route = { topic, tags, method: 'onMessage' };
  return {
    [providedComponents]: [
      { kind: 'consumer', name, routes: [route], options: settings, resolve: () => ({ onMessage: handler }) },
    ],
  };
}
