/**
 * Where the arguments of a constructor come from. In this order: our own `inject` list; inversify's metadata (parameter
 * `@inject`); the types that a compiler emitted (`design:paramtypes`); a constructor without parameters. Else nobody knows.
 */
import { LazyServiceIdentifier } from 'inversify';
import { classRecordsOf } from '../class-wiring.js';
import type { DecoratorMode } from '../dual-mode.js';
import type { AbstractClass, InjectToken } from '../inject-token.js';

export type ConstructorPlan =
  /** `new Class(...)` with these. */
  | { readonly kind: 'list'; readonly tokens: readonly InjectToken[] }
  /** inversify makes it from its own decorators; `tokens` are those it cannot do without. */
  | { readonly kind: 'inversify'; readonly tokens: readonly InjectToken[] }
  /** No list and no usable metadata for these parameters (from 1). */
  | { readonly kind: 'unknown'; readonly parameters: readonly number[]; readonly mode: DecoratorMode | undefined };

/** Keys of reflect-metadata: inversify's record of a class, and the compiler's. */
const inversifyKey = '@inversifyjs/core/classMetadataReflectKey';
const emittedTypesKey = 'design:paramtypes';

/** What inversify keeps about one parameter (ClassElementMetadata); `kind` 2 is `@unmanaged`. */
interface InversifyArgument {
  readonly kind: number;
  readonly value?: unknown;
  readonly optional?: boolean;
  readonly name?: unknown;
  readonly tags?: ReadonlyMap<unknown, unknown>;
}

interface InversifyClass {
  readonly constructorArguments: readonly (InversifyArgument | undefined)[];
}

const unmanagedKind = 2;

/** What compilers emit for interfaces and primitive types, which name nothing. */
const uselessTypes: ReadonlySet<unknown> = new Set([
  Array,
  BigInt,
  Boolean,
  Function,
  Number,
  Object,
  String,
  Symbol,
  Promise,
  undefined,
]);

export function dependenciesOf(target: AbstractClass): ConstructorPlan {
  const listed = classRecordsOf(target).find((record) => record.inject !== undefined)?.inject;
  if (listed !== undefined) return { kind: 'list', tokens: listed };
  const inversify = ownMetadata(inversifyKey, target) as InversifyClass | undefined;
  if (inversify !== undefined && isComplete(inversify, target)) {
    return { kind: 'inversify', tokens: inversify.constructorArguments.flatMap(requiredToken) };
  }
  if (target.length === 0) return inheritedOr({ kind: 'inversify', tokens: [] }, target);
  return fromEmittedTypes(target, inversify);
}

function isComplete(metadata: InversifyClass, target: AbstractClass): boolean {
  const { constructorArguments } = metadata;
  if (constructorArguments.length === 0 || constructorArguments.length < target.length) return false;
  return Array.from(constructorArguments).every((argument) => argument !== undefined);
}

/** Named, tagged and optional ones are inversify's affair. */
function requiredToken(argument: InversifyArgument | undefined): readonly InjectToken[] {
  if (argument === undefined || argument.kind === unmanagedKind || argument.optional === true) return [];
  if (argument.name !== undefined || (argument.tags?.size ?? 0) > 0) return [];
  const { value } = argument;
  return [(LazyServiceIdentifier.is(value) ? value.unwrap() : value) as InjectToken];
}

function fromEmittedTypes(target: AbstractClass, inversify: InversifyClass | undefined): ConstructorPlan {
  const emitted = (ownMetadata(emittedTypesKey, target) as readonly unknown[] | undefined) ?? [];
  const tokens: InjectToken[] = [];
  const parameters: number[] = [];
  for (let index = 0; index < target.length; index++) {
    const [named] = requiredToken(inversify?.constructorArguments[index]);
    const type = emitted[index];
    const found = named ?? (uselessTypes.has(type) ? undefined : (type as InjectToken));
    if (found === undefined) parameters.push(index + 1);
    else tokens.push(found);
  }
  if (parameters.length === 0) return { kind: 'list', tokens };
  return { kind: 'unknown', parameters, mode: classRecordsOf(target)[0]?.mode };
}

/** A subclass without a constructor of its own passes on what its base class takes. */
function inheritedOr(plan: ConstructorPlan, target: AbstractClass): ConstructorPlan {
  const base: unknown = Object.getPrototypeOf(target);
  if (typeof base !== 'function' || base === Function.prototype || hasOwnConstructor(target)) return plan;
  const inherited = dependenciesOf(base as AbstractClass);
  if (inherited.kind === 'unknown') return { ...inherited, mode: classRecordsOf(target)[0]?.mode };
  return inherited.tokens.length === 0 ? plan : { kind: 'list', tokens: inherited.tokens };
}

function hasOwnConstructor(target: AbstractClass): boolean {
  return /\bconstructor\s*\(/.test(Function.prototype.toString.call(target));
}

function ownMetadata(key: string, target: AbstractClass): unknown {
  return Reflect.getOwnMetadata(key, target);
}
