import type { Component } from '../wiring/component.js';
import { wiringError } from './wiring-error.js';

/** A component with its object. */
export type Resolved<C extends Component = Component> = C & { readonly instance: object };

/** Makes the objects, in the order given. Throws one `ConfigError` about all that could not be made or lack a method. */
export async function resolveComponents(components: readonly Component[]): Promise<readonly Resolved[]> {
  const resolved: Resolved[] = [];
  const problems: string[] = [];
  let firstCause: unknown;
  for (const component of components) {
    try {
      const instance = await component.resolve();
      problems.push(...missingMethods(component, instance));
      resolved.push({ ...component, instance });
    } catch (error) {
      firstCause ??= error;
      problems.push(`${component.name} could not be created: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (problems.length > 0) throw wiringError(problems, firstCause);
  return resolved;
}

/** The function under `name`, bound to its object. */
export function methodOf(instance: object, name: string | symbol): ((...args: unknown[]) => Promise<unknown>) | undefined {
  const member: unknown = Reflect.get(instance, name);
  return typeof member === 'function' ? (member.bind(instance) as (...args: unknown[]) => Promise<unknown>) : undefined;
}

function missingMethods(component: Component, instance: object): string[] {
  const wanted = wantedMethods(component);
  const missing = wanted.filter((name) => methodOf(instance, name) === undefined);
  return missing.map((name) => `${component.name} has no method ${String(name)}()`);
}

function wantedMethods(component: Component): readonly (string | symbol)[] {
  switch (component.kind) {
    case 'producer':
      return ['send', 'sendInTransaction'];
    case 'consumer':
      return component.routes.map((route) => route.method);
    case 'transaction':
      return ['execute', 'check'];
  }
}
