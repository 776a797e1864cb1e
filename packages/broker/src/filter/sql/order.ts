import type { JavaNumber } from './java-number.js';
import { Verdict } from './verdict.js';

/** How two operands lie to each other. */
export const Order = { LESS: 0, EQUAL: 1, GREATER: 2, MISSING: 3, ERROR: 4 } as const;
export type Order = (typeof Order)[keyof typeof Order];

export type Comparison = '=' | '>' | '>=' | '<' | '<=';

const { TRUE, FALSE, NULL, ERROR } = Verdict;

/** Indexed by `Order`. */
const verdicts: Readonly<Record<Comparison, readonly Verdict[]>> = {
  '=': [FALSE, TRUE, FALSE, NULL, ERROR],
  '>': [FALSE, FALSE, TRUE, NULL, ERROR],
  '>=': [FALSE, TRUE, TRUE, NULL, ERROR],
  '<': [TRUE, FALSE, FALSE, NULL, ERROR],
  '<=': [TRUE, TRUE, FALSE, NULL, ERROR],
};

/** The table of a comparison whose missing operand is the left one, or either where order matters not. */
export function verdictsOf(comparison: Comparison): readonly Verdict[] {
  return verdicts[comparison];
}

/** An equation with a missing right side is false, not unknown. */
export const equalsWithMissingRight: readonly Verdict[] = [FALSE, TRUE, FALSE, FALSE, ERROR];

const flipped: Readonly<Record<Comparison, Comparison>> = { '=': '=', '>': '<', '>=': '<=', '<': '>', '<=': '>=' };

/** The comparison that says the same with its sides exchanged. */
export function flip(comparison: Comparison): Comparison {
  return flipped[comparison];
}

/** Java: Double.compare. NaN is above everything and equal to itself, -0 below 0. */
export function orderOfDoubles(left: number, right: number): Order {
  if (left < right) return Order.LESS;
  if (left > right) return Order.GREATER;
  if (left === right) {
    if (left !== 0 || Object.is(left, right)) return Order.EQUAL;
    return Object.is(left, -0) ? Order.LESS : Order.GREATER;
  }
  if (Number.isNaN(left)) return Number.isNaN(right) ? Order.EQUAL : Order.GREATER;
  return Order.LESS;
}

/** The wider of both kinds decides: int, long, double. */
export function orderOfNumbers(left: JavaNumber, right: JavaNumber): Order {
  if (left.kind === 'double' || right.kind === 'double') return orderOfDoubles(Number(left.value), Number(right.value));
  if (left.value < right.value) return Order.LESS;
  return left.value > right.value ? Order.GREATER : Order.EQUAL;
}
