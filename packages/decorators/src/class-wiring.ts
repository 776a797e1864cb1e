/**
 * What decorators have recorded. Each class carries its own records under a registered symbol, so two installed copies of
 * this package read each other's. Methods of a class that is still being defined by standard decorators wait in its metadata
 * object, never in a list of the module, which the next class would inherit.
 */
import type { AnyTopicDefinition, ConsumerOptions, ProducerOptions } from '@orbitmq/core';
import type { DecoratorMode } from './dual-mode.js';
import type { AbstractClass, InjectToken } from './inject-token.js';
import { metadataSymbol } from './symbol-metadata.js';

const classRecords: unique symbol = Symbol.for('orbitmq.classRecords') as never;
const methodRecords: unique symbol = Symbol.for('orbitmq.methodRecords') as never;

interface RecordBase {
  readonly inject: readonly InjectToken[] | undefined;
  readonly mode: DecoratorMode;
}

export interface ProducerRecord extends RecordBase {
  readonly kind: 'producer';
  readonly topic: AnyTopicDefinition;
  readonly options: ProducerOptions;
}

export interface ConsumerRecord extends RecordBase {
  readonly kind: 'consumer';
  /** Absent: the class takes messages by methods with `@OnMessage` only. */
  readonly topic: AnyTopicDefinition | undefined;
  readonly tags: string | undefined;
  readonly options: ConsumerOptions;
}

export interface TransactionRecord extends RecordBase {
  readonly kind: 'transaction';
  readonly producer: AbstractClass;
}

export type ClassRecord = ProducerRecord | ConsumerRecord | TransactionRecord;

export interface MethodRecord {
  readonly topic: AnyTopicDefinition;
  readonly tags: string | undefined;
  readonly method: string | symbol;
  /** What else was given; absent in records of earlier versions. */
  readonly others?: object;
  /** A static or private method cannot be called by the application. */
  readonly isReachable: boolean;
}

type Store = { [classRecords]?: ClassRecord[]; [methodRecords]?: MethodRecord[] };

export function recordClass(target: object, record: ClassRecord): void {
  own(target, classRecords).push(record);
}

/** The records of the class itself; a subclass has its own. */
export function classRecordsOf(target: object): readonly ClassRecord[] {
  return Object.hasOwn(target, classRecords) ? ((target as Store)[classRecords] ?? []) : [];
}

/** `holder`: the class, or the metadata object of the class being defined. */
export function recordMethod(holder: object, record: MethodRecord): void {
  own(holder, methodRecords).push(record);
}

/** Methods of the class and of what it extends; a method decorated again in the subclass replaces the inherited record. */
export function methodRecordsOf(target: AbstractClass): readonly MethodRecord[] {
  const records: MethodRecord[] = [];
  for (let current: unknown = target; typeof current === 'function'; current = Object.getPrototypeOf(current)) {
    const known = new Set(records.map((record) => record.method));
    records.push(...ownMethods(current).filter((record) => !known.has(record.method)));
  }
  return records;
}

function ownMethods(target: object): readonly MethodRecord[] {
  const legacy = Object.hasOwn(target, methodRecords) ? ((target as Store)[methodRecords] ?? []) : [];
  const metadata: unknown = Object.hasOwn(target, metadataSymbol) ? Reflect.get(target, metadataSymbol) : undefined;
  if (typeof metadata !== 'object' || metadata === null || !Object.hasOwn(metadata, methodRecords)) return legacy;
  return [...legacy, ...((metadata as Store)[methodRecords] ?? [])];
}

function own<Key extends keyof Store>(holder: object, key: Key): NonNullable<Store[Key]> {
  if (!Object.hasOwn(holder, key)) Object.defineProperty(holder, key, { value: [] });
  return (holder as Store)[key] as NonNullable<Store[Key]>;
}
