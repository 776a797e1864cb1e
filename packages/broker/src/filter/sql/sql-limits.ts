/**
 * Bounds of an expression. RocketMQ has none and ends deeply nested ones with an overflow of its stack; within these, an
 * expression is read in microseconds to a few milliseconds, and a message is looked at in microseconds.
 */
export interface SqlLimits {
  /** Characters of an expression. */
  readonly expressionCharsMax: number;
  /** Parentheses, signs, NOTs and chained comparisons inside each other. */
  readonly nestingMax: number;
  /** Operands and operators. */
  readonly nodesMax: number;
  /** Literals of one IN. */
  readonly inListMax: number;
  /** CONTAINS, STARTSWITH and ENDSWITH together: each may have to look through the longest value. */
  readonly searchesMax: number;
}

export const sqlLimits: SqlLimits = {
  expressionCharsMax: 32_768,
  nestingMax: 256,
  nodesMax: 2048,
  inListMax: 4096,
  searchesMax: 32,
};
