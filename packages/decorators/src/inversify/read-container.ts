import { isComponentProvider, providedComponents, type Wiring } from '@orbitmq/core';
import type { Container, ServiceIdentifier } from 'inversify';
import { componentsOf } from '../components-of.js';
import type { AbstractClass } from '../inject-token.js';
import { bindingProblems } from './check-bindings.js';
import { mqProviders } from './mq-module.js';
import { isClass, type Provider } from './provider.js';

/** The records of all modules loaded into the container, and what is wrong with them and their dependencies. Makes nothing. */
export function readContainer(container: Container): Wiring {
  const providers = container.isBound(mqProviders) ? container.getAll(mqProviders).flat() : [];
  const { components, problems } = componentsOf(classesOf(providers), (target) =>
    container.getAsync(target as ServiceIdentifier<object>),
  );
  const functional = providers
    .filter((provider) => isComponentProvider(provider))
    .flatMap((provider) => provider[providedComponents]);
  return {
    components: [...components, ...functional],
    problems: [...bindingProblems(providers, (token) => container.isBound(token)), ...problems],
  };
}

/** Classes with a place in the application. A stand-in (`useClass`, `useValue`) is found under the name of what it stands for. */
function classesOf(providers: readonly Provider[]): AbstractClass[] {
  return providers.flatMap((provider) => {
    if (isClass(provider)) return [provider];
    if (isComponentProvider(provider)) return [];
    return typeof provider.provide === 'function' ? [provider.provide] : [];
  });
}
