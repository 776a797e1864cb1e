/** A value that is usually there at once; the hot path then makes no promise. */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on with `transform`, in this turn when the value is there. */
export function andThen<A, B>(value: MaybePromise<A>, transform: (value: A) => MaybePromise<B>): MaybePromise<B> {
  return value instanceof Promise ? value.then(transform) : transform(value);
}
