/** What an application is made of, in the words that Nest and Angular use. */
import type { ComponentProvider } from '@orbitmq/core';
import type { AbstractClass, Class, InjectToken, Token } from '../inject-token.js';

/** Another class under a class's name, or a class under a token. */
export interface ClassProvider<T = unknown> {
  readonly provide: AbstractClass<T> | Token<T>;
  readonly useClass: Class<T>;
  /** What the constructor gets, in its order, when the class has no list of its own. */
  readonly inject?: readonly InjectToken[] | undefined;
}

/** An object that exists already. */
export interface ValueProvider<T = unknown> {
  readonly provide: AbstractClass<T> | Token<T>;
  readonly useValue: T;
}

/** An object that a function makes, perhaps later, from other ones. */
export interface FactoryProvider<T = unknown> {
  readonly provide: AbstractClass<T> | Token<T>;
  readonly useFactory: (...dependencies: never[]) => T | Promise<T>;
  /** What the function gets, in its order. */
  readonly inject?: readonly InjectToken[] | undefined;
}

/** A class (decorated or a plain service), a way to make one, or a `producer(…)` or `consume(…)`. Objects are made once. */
export type Provider = AbstractClass | ClassProvider | ValueProvider | FactoryProvider | ComponentProvider;

export function isClass(provider: Provider): provider is AbstractClass {
  return typeof provider === 'function';
}
