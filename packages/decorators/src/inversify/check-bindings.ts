/** What is wrong with the dependencies of the providers, before anything is made. */

import { nameOf } from '../components-of.js';
import type { AbstractClass, InjectToken } from '../inject-token.js';
import { type ConstructorPlan, dependenciesOf } from './dependencies-of.js';
import { isClass, type Provider } from './provider.js';

interface Node {
  readonly name: string;
  readonly token: InjectToken;
  readonly tokens: readonly InjectToken[];
}

export function bindingProblems(providers: readonly Provider[], isBound: (token: InjectToken) => boolean): string[] {
  const problems: string[] = [];
  const nodes = new Map<InjectToken, Node>();
  for (const provider of providers) {
    const found = nodeOf(provider);
    if (typeof found === 'string') problems.push(found);
    else if (found !== undefined) nodes.set(found.token, found);
  }
  for (const node of nodes.values()) {
    for (const [index, dependency] of node.tokens.entries()) {
      if (isBound(dependency)) continue;
      problems.push(
        `${node.name} needs ${tokenName(dependency)} (parameter ${index + 1}), which is neither among the providers nor in the container`,
      );
    }
  }
  return [...problems, ...cycles(nodes)];
}

function nodeOf(provider: Provider): Node | string | undefined {
  if (isClass(provider)) return classNode(provider, provider, undefined);
  if ('useClass' in provider) return classNode(provider.provide, provider.useClass, provider.inject);
  if ('useFactory' in provider)
    return { name: `the factory of ${tokenName(provider.provide)}`, token: provider.provide, tokens: provider.inject ?? [] };
  return undefined;
}

function classNode(token: InjectToken, target: AbstractClass, listed: readonly InjectToken[] | undefined): Node | string {
  const name = nameOf(target);
  if (listed !== undefined) return { name, token, tokens: listed };
  const plan = dependenciesOf(target);
  return plan.kind === 'unknown' ? unknownParameters(name, plan) : { name, token, tokens: plan.tokens };
}

/** Names the class, why its tool left nothing behind, and what to do. */
function unknownParameters(name: string, plan: Extract<ConstructorPlan, { kind: 'unknown' }>): string {
  const [why, remedy] = explain(plan.mode);
  return `nothing says what the constructor of ${name} takes (parameter ${plan.parameters.join(', ')}): ${why}. ${remedy}`;
}

function explain(mode: DecoratorModeOrNone): readonly [string, string] {
  const list = 'List the dependencies in the decorator: inject: [Ledger, CLOCK]';
  if (mode === 'standard') return ['it was compiled with standard decorators, for which no compiler emits parameter types', list];
  if (mode === 'legacy') {
    const tools =
      'esbuild and tsx never emit parameter types, tsc and swc only with emitDecoratorMetadata, and none for interfaces and primitives';
    return [tools, list];
  }
  const remedy =
    "Provide it with a list: { provide: Ledger, useClass: Ledger, inject: [CLOCK] }, or use inversify's @injectable and @inject";
  return ['it has no decorator, so no compiler emits parameter types', remedy];
}

type DecoratorModeOrNone = Extract<ConstructorPlan, { kind: 'unknown' }>['mode'];

function cycles(nodes: ReadonlyMap<InjectToken, Node>): string[] {
  const problems: string[] = [];
  const done = new Set<InjectToken>();
  const visit = (token: InjectToken, path: readonly InjectToken[]): void => {
    const start = path.indexOf(token);
    if (start >= 0) {
      problems.push(`these need each other: ${[...path.slice(start), token].map(tokenName).join(' → ')}`);
      return;
    }
    if (done.has(token)) return;
    for (const next of nodes.get(token)?.tokens ?? []) visit(next, [...path, token]);
    done.add(token);
  };
  for (const token of nodes.keys()) visit(token, []);
  return problems;
}

function tokenName(token: InjectToken): string {
  return typeof token === 'function' ? nameOf(token) : typeof token === 'symbol' ? `'${token.description ?? ''}'` : `'${token}'`;
}
