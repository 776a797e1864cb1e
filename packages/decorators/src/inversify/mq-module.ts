import { isComponentProvider } from '@orbitmq/core';
import { ConfigError } from '@orbitmq/core/kernel';
import { ContainerModule, type ContainerModuleLoadOptions, type ServiceIdentifier } from 'inversify';
import type { AbstractClass, Class, InjectToken } from '../inject-token.js';
import { dependenciesOf } from './dependencies-of.js';
import { isClass, type Provider } from './provider.js';

/** Under this name a container keeps the providers of every `mqModule` loaded into it. */
export const mqProviders = Symbol.for('orbitmq.mqProviders') as symbol & ServiceIdentifier<readonly Provider[]>;

/**
 * An inversify module with the given providers, each made once. What the container has bound already stays as it is, so a
 * test can bind a stand-in first. `createMqApp({ container })` then finds producers, consumers and listeners by itself.
 * Throws a `ConfigError` `WIRING_INVALID` for an entry that is no provider.
 */
export function mqModule(providers: readonly Provider[]): ContainerModule {
  for (const [index, provider] of providers.entries()) checkProvider(provider, index);
  return new ContainerModule((options) => {
    options.bind<readonly Provider[]>(mqProviders).toConstantValue(providers);
    for (const provider of providers) bindProvider(provider, options);
  });
}

function checkProvider(provider: unknown, index: number): void {
  const isObject = typeof provider === 'object' && provider !== null;
  if (typeof provider === 'function' || (isObject && (isComponentProvider(provider) || hasProvide(provider)))) return;
  const wanted = 'a class, { provide, useClass | useValue | useFactory }, producer(…) or consume(…)';
  const why = provider === undefined ? 'is undefined (do two modules import each other?)' : 'is no provider';
  throw new ConfigError('WIRING_INVALID', `Entry ${index} of the providers ${why}: expected ${wanted}`, { details: { index } });
}

function hasProvide(provider: object): boolean {
  const isNamed = 'provide' in provider && provider.provide !== undefined;
  return isNamed && ('useClass' in provider || 'useValue' in provider || 'useFactory' in provider);
}

function bindProvider(provider: Provider, options: ContainerModuleLoadOptions): void {
  if (isClass(provider)) {
    bindClass(provider, provider as Class, undefined, options);
  } else if (isComponentProvider(provider)) {
    // It brings its own object.
  } else if ('useClass' in provider) {
    bindClass(provider.provide, provider.useClass, provider.inject, options);
  } else if (options.isBound(provider.provide)) {
    // The container's own binding wins.
  } else if ('useValue' in provider) {
    options.bind(provider.provide).toConstantValue(provider.useValue);
  } else {
    const make = provider.useFactory as (...dependencies: unknown[]) => unknown;
    options
      .bind(provider.provide)
      .toResolvedValue(make, identifiersOf(provider.inject ?? []))
      .inSingletonScope();
  }
}

function bindClass(
  token: InjectToken,
  target: Class,
  listed: readonly InjectToken[] | undefined,
  { bind, isBound }: ContainerModuleLoadOptions,
): void {
  if (isBound(token)) return;
  const plan = listed === undefined ? dependenciesOf(target) : ({ kind: 'list', tokens: listed } as const);
  switch (plan.kind) {
    case 'list':
      bind(token).toResolvedValue(construct(target), identifiersOf(plan.tokens)).inSingletonScope();
      return;
    case 'inversify':
      bind(token)
        .to(target as new () => unknown)
        .inSingletonScope();
      return;
    case 'unknown':
      // The list of problems names it; here it only must not be made without its arguments.
      bind(token).toDynamicValue(() => {
        throw new TypeError(`${target.name} cannot be made: nothing says what its constructor takes`);
      });
  }
}

function construct(target: AbstractClass): (...dependencies: unknown[]) => unknown {
  return (...dependencies) => Reflect.construct(target, dependencies) as unknown;
}

function identifiersOf(tokens: readonly InjectToken[]): ServiceIdentifier[] {
  return tokens as ServiceIdentifier[];
}
