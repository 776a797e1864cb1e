/** Decorators that work as legacy and as standard ones, and as plain calls: the second argument tells which it is. */

/** Whether an `inject` list fits the constructor: a wrong, missing or surplus entry does not. */
type Fits<Target extends abstract new (...args: never[]) => unknown, Arguments> = Arguments extends readonly unknown[]
  ? [...Arguments] extends ConstructorParameters<Target>
    ? Target
    : InjectListMismatch<ConstructorParameters<Target>, Arguments>
  : Target;

/** Never an argument's type; its name and its members say in the compiler's message what is wrong. */
export interface InjectListMismatch<Parameters, Listed> {
  readonly constructorParameters: Parameters;
  readonly injectList: Listed;
}

/** Decorates classes that make an `Instance` from `Arguments` (`undefined`: from whatever the container finds out). */
export type DualClass<Arguments, Instance> = <Target extends new (...args: never[]) => Instance>(
  target: Fits<Target, Arguments>,
  context?: ClassDecoratorContext<Target>,
) => void;

/** Decorates methods of one type. */
export interface DualMethod<Method extends (...args: never[]) => unknown> {
  <This>(value: Method, context: ClassMethodDecoratorContext<This>): void;
  <Actual extends Method>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<Actual>): void;
  /** Plain call: `OnMessage({ topic })(Mails.prototype, 'placed')`. */
  <Key extends string | symbol>(target: Readonly<Record<Key, Method>>, key: Key): void;
}

/** How a class was decorated; messages about missing metadata need it. */
export type DecoratorMode = 'legacy' | 'standard';

/** A plain call looks like a legacy decorator, and is treated the same. */
export function modeOf(context: ClassDecoratorContext | undefined): DecoratorMode {
  return context === undefined ? 'legacy' : 'standard';
}
