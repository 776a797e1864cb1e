/** Names of dependencies, and their types. */

declare const dependencyType: unique symbol;

/** A symbol that stands for a dependency of type `T`; made by `token`. Containers take it as the symbol it is. */
export type Token<T> = symbol & { readonly [dependencyType]?: T };

/** `const CLOCK = token<Clock>('clock')`: names a dependency that is no class, such as an interface or a setting. */
export function token<T>(description: string): Token<T> {
  return Symbol(description) as Token<T>;
}

/** A class as a name; its instance type is what is injected. */
export type AbstractClass<T = unknown> = abstract new (...args: never[]) => T;

export type Class<T = unknown> = new (...args: never[]) => T;

/** What an `inject` list consists of: classes and tokens. Bare symbols and strings work too, without a type check. */
export type InjectToken = AbstractClass | Token<unknown> | symbol | string;

/** What a container gives for one entry of the list. An untyped name fits every parameter. */
type Dependency<Name> =
  Name extends AbstractClass<infer T>
    ? T
    : Name extends { readonly [dependencyType]?: infer T }
      ? unknown extends T
        ? never
        : T
      : never;

/** Constructor arguments for a list; `undefined` (no list) stays unchecked. */
export type Dependencies<Names> = Names extends readonly InjectToken[]
  ? { [Index in keyof Names]: Dependency<Names[Index]> }
  : undefined;
