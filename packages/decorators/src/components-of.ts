/** Turns decorated classes into the records that the application runtime takes. */
import { type Component, MessageProducer, type RouteRecord, unknownOptionProblems } from '@orbitmq/core';
import { type ClassRecord, type ConsumerRecord, classRecordsOf, methodRecordsOf } from './class-wiring.js';
import type { AbstractClass } from './inject-token.js';

export interface ReadComponents {
  readonly components: readonly Component[];
  /** Sentences for the list that `start()` fails with. */
  readonly problems: readonly string[];
}

/** `instanceOf` gives the object of a class, from whatever container there is. A class without any decorator is a plain service. */
export function componentsOf(
  classes: readonly AbstractClass[],
  instanceOf: (target: AbstractClass) => object | Promise<object>,
): ReadComponents {
  const components: Component[] = [];
  const problems: string[] = [];
  for (const target of classes) {
    const records = classRecordsOf(target);
    problems.push(...missingDecorators(target, records), ...doubleDecorators(target, records));
    for (const record of records) {
      if (record.kind === 'consumer') problems.push(...handlerProblems(target, record));
      components.push(componentOf(target, record, () => instanceOf(target)));
    }
  }
  return { components, problems };
}

/** The class's name for people. */
export function nameOf(target: AbstractClass): string {
  return target.name === '' ? '(a class without a name)' : target.name;
}

function componentOf(target: AbstractClass, record: ClassRecord, resolve: () => object | Promise<object>): Component {
  const name = nameOf(target);
  switch (record.kind) {
    case 'producer':
      return { kind: 'producer', name, identity: target, topic: record.topic, options: record.options, resolve };
    case 'consumer':
      return { kind: 'consumer', name, routes: routesOf(target, record), options: record.options, resolve };
    case 'transaction':
      return { kind: 'transaction', name, producer: record.producer, producerName: nameOf(record.producer), resolve };
  }
}

function routesOf(target: AbstractClass, record: ConsumerRecord): readonly RouteRecord[] {
  const methods = methodRecordsOf(target).filter((method) => method.isReachable);
  if (record.topic === undefined) return methods;
  return [{ topic: record.topic, tags: record.tags, method: 'onMessage' }, ...methods];
}

function missingDecorators(target: AbstractClass, records: readonly ClassRecord[]): string[] {
  const name = nameOf(target);
  const has = (kind: ClassRecord['kind']): boolean => records.some((record) => record.kind === kind);
  const problems: string[] = [];
  if (isProducerClass(target) && !has('producer')) problems.push(`${name} extends MessageProducer but has no @Producer`);
  if (has('consumer')) return problems;
  if (methodRecordsOf(target).length > 0) problems.push(`${name} has methods with @OnMessage but no @Consumer`);
  else if (hasMethod(target, 'onMessage')) problems.push(`${name} has an onMessage but no @Consumer`);
  return problems;
}

function doubleDecorators(target: AbstractClass, records: readonly ClassRecord[]): string[] {
  const isDouble = (kind: ClassRecord['kind']): boolean => records.filter((record) => record.kind === kind).length > 1;
  const problems: string[] = [];
  if (isDouble('producer')) problems.push(`${nameOf(target)} has @Producer twice: a producer has one group and one topic`);
  if (records.filter((record) => record.inject !== undefined).length > 1) {
    problems.push(`${nameOf(target)} has several inject lists: keep one`);
  }
  return problems;
}

function handlerProblems(target: AbstractClass, record: ConsumerRecord): string[] {
  const name = nameOf(target);
  const problems: string[] = [];
  if (record.topic !== undefined && !mayHaveMember(target, 'onMessage')) {
    problems.push(`${name} consumes topic '${record.topic.name}' but has no onMessage`);
  }
  if (record.topic === undefined && record.tags !== undefined) problems.push(`${name} names tags but no topic`);
  for (const method of methodRecordsOf(target)) {
    const unknown = unknownOptionProblems(method.others ?? {}, ['topic', 'tags']);
    problems.push(...unknown.map((problem) => `${name}: @OnMessage on ${String(method.method)}: ${problem}`));
    if (method.isReachable) continue;
    problems.push(`${name}: @OnMessage cannot be on ${String(method.method)}, which is static or private`);
  }
  return problems;
}

function isProducerClass(target: AbstractClass): boolean {
  return (target.prototype as unknown) instanceof MessageProducer;
}

function hasMethod(target: AbstractClass, name: string): boolean {
  return typeof Reflect.get(target.prototype as object, name) === 'function';
}

/** A handler may also be a field, which only the source of the class shows before there is an object. */
function mayHaveMember(target: AbstractClass, name: string): boolean {
  if (hasMethod(target, name)) return true;
  for (
    let current: unknown = target;
    typeof current === 'function' && current !== Function.prototype;
    current = Object.getPrototypeOf(current)
  ) {
    if (new RegExp(`\\b${name}\\b`).test(Function.prototype.toString.call(current))) return true;
  }
  return false;
}
