/** Everything about a wiring that can be wrong without a broker being asked: one sentence each, for one list at start. */
import { isAmbiguous, type Route } from '../consumer/router.js';
import { MqError } from '../kernel/errors.js';
import { delayLevelOf } from '../message/delay.js';
import { checkGroupName, checkSendableTopicName, checkTopicName } from '../message/names.js';
import { upcastProblems } from '../payload/upcast.js';
import { parseTagExpression, type TagFilter, tagExpressionOf } from '../tag-filter.js';
import type { AnyTopicDefinition } from '../topic/topic-definition.js';
import type { Component, ConsumerComponent, ProducerComponent, RouteRecord, TransactionComponent } from './component.js';
import { batchNumbers, consumerNumbers, consumerOptionNames } from './consumer-options.js';
import { numberProblems } from './numbers.js';
import { unknownOptionProblems } from './option-names.js';
import { producerNumbers, producerOptionNames } from './producer-options.js';

export function wiringProblems(components: readonly Component[]): string[] {
  const producers = components.filter((component) => component.kind === 'producer');
  const consumers = components.filter((component) => component.kind === 'consumer');
  const listeners = components.filter((component) => component.kind === 'transaction');
  return [
    ...topicsOf(components).flatMap(upcastProblems),
    ...producers.flatMap(producerProblems),
    ...sharedProducerGroups(producers),
    ...transactionProblems(producers, listeners),
    ...consumers.flatMap(consumerProblems),
    ...sharedConsumerGroups(consumers),
  ];
}

/** The filter of a route, or a sentence. */
function filterOf(route: RouteRecord): TagFilter | string {
  try {
    return parseTagExpression(route.tags);
  } catch (error) {
    if (error instanceof MqError) return error.message;
    throw error;
  }
}

function topicsOf(components: readonly Component[]): AnyTopicDefinition[] {
  const topics = new Map<string, AnyTopicDefinition>();
  for (const component of components) {
    if (component.kind === 'producer') topics.set(component.topic.name, component.topic);
    if (component.kind === 'consumer') for (const route of component.routes) topics.set(route.topic.name, route.topic);
  }
  return [...topics.values()];
}

function producerProblems({ name, topic, options }: ProducerComponent): string[] {
  const badTopic = checkSendableTopicName(topic.name);
  const badGroup = checkGroupName(options.group);
  return [
    ...(badTopic === undefined ? [] : [`${name}: topic '${topic.name}' ${badTopic}`]),
    ...(badGroup === undefined ? [] : [`${name}: group '${options.group}' ${badGroup}`]),
    ...unknownOptionProblems(options, producerOptionNames).map((problem) => `${name}: ${problem}`),
    ...numberProblems(producerNumbers, options).map((problem) => `${name}: ${problem}`),
  ];
}

/** One group is one producer to the broker: its members may differ in topic, in nothing else. */
function sharedProducerGroups(producers: readonly ProducerComponent[]): string[] {
  const problems: string[] = [];
  for (const [index, one] of producers.entries()) {
    for (const other of producers.slice(index + 1)) {
      if (one.options.group !== other.options.group) continue;
      const both = `${one.name} and ${other.name}`;
      if (one.topic.name === other.topic.name) {
        problems.push(`${both} are both producers of group '${one.options.group}' for topic '${one.topic.name}': keep one`);
      }
      for (const name of Object.keys(producerNumbers) as (keyof typeof producerNumbers)[]) {
        if (one.options[name] === other.options[name]) continue;
        problems.push(`${both} share the producer group '${one.options.group}' but differ in ${name}`);
      }
    }
  }
  return problems;
}

function transactionProblems(producers: readonly ProducerComponent[], listeners: readonly TransactionComponent[]): string[] {
  const problems: string[] = [];
  for (const listener of listeners) {
    if (!producers.some((producer) => producer.identity === listener.producer)) {
      problems.push(`${listener.name} is a transaction listener of ${listener.producerName}, which is not among the producers`);
    }
  }
  for (const producer of producers) {
    const own = listeners.filter((listener) => listener.producer === producer.identity);
    if (own.length > 1)
      problems.push(`${producer.name} has several transaction listeners: ${own.map(({ name }) => name).join(', ')}`);
    if (own.length === 0 && producer.options.transactional === true) {
      problems.push(
        `${producer.name} is transactional but has no transaction listener: add a class with @TransactionListener, or the option transaction of producer()`,
      );
    }
  }
  return problems;
}

function consumerProblems(consumer: ConsumerComponent): string[] {
  const { name, options, routes } = consumer;
  const badGroup = checkGroupName(options.group);
  const problems = [
    ...(badGroup === undefined ? [] : [`group '${options.group}' ${badGroup}`]),
    ...(routes.length === 0
      ? ['takes no messages: give @Consumer a topic and the class an onMessage, or methods an @OnMessage']
      : []),
    ...unknownOptionProblems(options, [...consumerOptionNames, 'tags']),
    ...numberProblems(consumerNumbers, options),
    ...consumeFromProblems(consumer),
    ...retryDelayProblems(consumer),
    ...batchProblems(consumer),
    ...routeProblems(routes),
  ];
  return problems.map((problem) => `${name}: ${problem}`);
}

function consumeFromProblems({ options: { consumeFrom = 'last' } }: ConsumerComponent): string[] {
  if (consumeFrom === 'first' || consumeFrom === 'last') return [];
  const isTime = typeof consumeFrom === 'object' && Number.isSafeInteger(consumeFrom.timestamp) && consumeFrom.timestamp >= 0;
  return isTime ? [] : ["consumeFrom is neither 'first' nor 'last' nor { timestamp } in milliseconds since the epoch"];
}

function retryDelayProblems({ options }: ConsumerComponent): string[] {
  if (options.retryDelay === undefined) return [];
  if (options.orderly === true) {
    return ['retryDelay has no effect on an orderly consumer, whose queue waits: use suspendCurrentQueueTimeMs'];
  }
  try {
    delayLevelOf(options.retryDelay);
    return [];
  } catch (error) {
    return [`retryDelay: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function batchProblems({ options, routes }: ConsumerComponent): string[] {
  if (options.batch === undefined) return [];
  if (!Number.isInteger(options.batch?.size)) return ['batch is no { size } or { size, waitMs }'];
  const isSplit = routes.length > 1 || routes.some((route) => route.method !== 'onMessage');
  return [
    ...unknownOptionProblems(options.batch, Object.keys(batchNumbers)).map((problem) => `batch: ${problem}`),
    ...numberProblems(batchNumbers, options.batch).map((problem) => `batch.${problem}`),
    ...(isSplit ? ['batch needs one onMessage for one topic: methods with @OnMessage take one message at a time'] : []),
  ];
}

function routeProblems(records: readonly RouteRecord[]): string[] {
  const problems: string[] = [];
  const routes: (Route & { readonly record: RouteRecord })[] = [];
  for (const record of records) {
    const badTopic = checkTopicName(record.topic.name);
    if (badTopic !== undefined) problems.push(`topic '${record.topic.name}' ${badTopic}`);
    const filter = filterOf(record);
    if (typeof filter === 'string') problems.push(filter);
    else routes.push({ topic: record.topic, filter, record });
  }
  for (const [index, one] of routes.entries()) {
    for (const other of routes.slice(index + 1)) {
      if (isAmbiguous(one, other))
        problems.push(`${methodOf(one.record)} and ${methodOf(other.record)} take the same messages: ${describe(one)}`);
    }
  }
  return problems;
}

/** A broker keeps one subscription per group: two consumers of one group would each lose what the other one named. */
function sharedConsumerGroups(consumers: readonly ConsumerComponent[]): string[] {
  const problems: string[] = [];
  for (const [index, one] of consumers.entries()) {
    for (const other of consumers.slice(index + 1)) {
      if (one.options.group !== other.options.group) continue;
      const [first, second] = [subscriptionText(one), subscriptionText(other)];
      const how = first === second ? 'subscribe the same' : `subscribe differently (${first} / ${second})`;
      problems.push(
        `${one.name} and ${other.name} are both consumers of group '${one.options.group}' and ${how}: give each a group of its own, or make them @OnMessage methods of one class`,
      );
    }
  }
  return problems;
}

function subscriptionText(consumer: ConsumerComponent): string {
  const parts = consumer.routes.map((route) => {
    const filter = filterOf(route);
    return `${route.topic.name} ${typeof filter === 'string' ? (route.tags ?? '*') : tagExpressionOf(filter)}`;
  });
  return parts.sort().join(', ');
}

function methodOf(route: RouteRecord): string {
  return `${String(route.method)}()`;
}

function describe(route: Route): string {
  return `topic '${route.topic.name}', tags ${tagExpressionOf(route.filter)}`;
}
