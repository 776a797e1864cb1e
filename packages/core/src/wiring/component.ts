/**
 * What an application is made of, whether it was written with decorators, with functions, or comes from another framework:
 * records that say what is wanted, and a way to the object that does it. Nothing here has run yet.
 */
import type { AnyTopicDefinition } from '../topic/topic-definition.js';
import type { ConsumerOptions } from './consumer-options.js';
import type { ProducerOptions } from './producer-options.js';

interface ComponentBase {
  /** For people: the class's name. */
  readonly name: string;
  /** Gives the object; called once, at start, when nothing is wrong with the wiring. */
  readonly resolve: () => object | Promise<object>;
}

/** A `MessageProducer`. */
export interface ProducerComponent extends ComponentBase {
  readonly kind: 'producer';
  /** What a transaction listener names to belong to it: the class, or the producer itself. */
  readonly identity: object;
  readonly topic: AnyTopicDefinition;
  readonly options: ProducerOptions;
}

/** Some messages of a topic and the method of the object that takes them. */
export interface RouteRecord {
  readonly topic: AnyTopicDefinition;
  /** `a || b`; absent or `*`: all. */
  readonly tags?: string | undefined;
  readonly method: string | symbol;
}

/** One consumer group of this process. */
export interface ConsumerComponent extends ComponentBase {
  readonly kind: 'consumer';
  readonly routes: readonly RouteRecord[];
  readonly options: ConsumerOptions;
}

/** A `LocalTransaction` of a producer. */
export interface TransactionComponent extends ComponentBase {
  readonly kind: 'transaction';
  /** The producer's `identity`, and how it is called. */
  readonly producer: object;
  readonly producerName: string;
}

export type Component = ProducerComponent | ConsumerComponent | TransactionComponent;
