/** Types of a chain of payload versions: each step's result must fit the next step, the last one's the topic. */
import type { UpcastTable } from '../payload/upcast.js';

/** Versions are counted with tuples, up to this many. */
type VersionMax = 64;

/** 1 | 2 | … | Version - 1 */
type VersionsBefore<Version extends number, Counted extends readonly unknown[] = [unknown]> = Counted['length'] extends
  | Version
  | VersionMax
  ? never
  : Counted['length'] | VersionsBefore<Version, [...Counted, unknown]>;

type TupleOf<N extends number, Counted extends readonly unknown[] = []> = Counted['length'] extends N | VersionMax
  ? Counted
  : TupleOf<N, [...Counted, unknown]>;

type Next<N extends number> = [...TupleOf<N>, unknown]['length'];

type Previous<N extends number> = TupleOf<N> extends readonly [unknown, ...infer Rest] ? Rest['length'] : never;

type InputOf<Step> = Step extends (payload: infer Payload) => unknown ? Payload : never;

/** What the step under `From` must give. */
type OutputFor<Chain, From extends number, Version extends number, Payload> =
  Next<From> extends Version ? Payload : Next<From> extends keyof Chain ? InputOf<Chain[Next<From>]> : never;

type CheckedStep<Chain extends UpcastTable, From extends number, Version extends number, Payload> = (
  payload: InputOf<Chain[From]>,
) => OutputFor<Chain, From, Version, Payload> | Promise<OutputFor<Chain, From, Version, Payload>>;

/** A `Chain` in which every version has its step and each step fits the next one. */
export type CheckedChain<Chain extends UpcastTable, Version extends number, Payload> = {
  readonly [From in VersionsBefore<Version> & number]: CheckedStep<Chain, From, Version, Payload>;
};

/** What the last step gives. */
export type LastOutput<Chain extends UpcastTable, Version extends number> = Chain[Previous<Version> & number] extends (
  payload: never,
) => infer Output
  ? Awaited<Output>
  : never;
