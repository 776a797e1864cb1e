import type { JavaNumber } from './java-number.js';
import type { Comparison } from './order.js';

/** How a text literal is looked for in a text (5.x). */
export type TextSearch = 'CONTAINS' | 'STARTSWITH' | 'ENDSWITH';

/** `height` is how many parts a part of an expression has below each other, at most. */
interface Part<Kind extends string> {
  readonly kind: Kind;
  readonly height: number;
}

interface SqlProperty extends Part<'property'> {
  readonly name: string;
}

export interface SqlBetween extends Part<'between'> {
  readonly operand: SqlNode;
  readonly low: SqlNode;
  readonly high: SqlNode;
  readonly isNot: boolean;
}

/** What has a value that is no condition. */
type SqlOperand =
  | SqlProperty
  | (Part<'number'> & { readonly value: JavaNumber })
  | (Part<'text'> & { readonly value: string })
  | (Part<'minus'> & { readonly operand: SqlNode });

/** What is true, false or unknown. */
export type SqlCondition =
  | (Part<'boolean'> & { readonly value: boolean })
  | Part<'null'>
  | (Part<'not'> & { readonly operand: SqlTested })
  | (Part<'and' | 'or'> & { readonly operands: readonly SqlTested[] })
  | (Part<'compare'> & { readonly comparison: Comparison; readonly left: SqlNode; readonly right: SqlNode })
  | SqlBetween
  | (Part<'is-null'> & { readonly operand: SqlNode })
  | (Part<'in'> & { readonly property: SqlProperty; readonly values: ReadonlySet<string> })
  | (Part<'search'> & {
      readonly how: TextSearch;
      readonly isNot: boolean;
      readonly operand: SqlNode;
      readonly text: string;
    });

/** A property may stand where a condition should. */
export type SqlTested = SqlCondition | SqlProperty;
export type SqlNode = SqlOperand | SqlCondition;

export function isConstant(node: SqlNode): boolean {
  return node.kind === 'number' || node.kind === 'text' || node.kind === 'boolean' || node.kind === 'null';
}

export function isCondition(node: SqlNode): node is SqlCondition {
  return node.kind !== 'property' && node.kind !== 'number' && node.kind !== 'text' && node.kind !== 'minus';
}

/** The parts right below a part. */
export function partsOf(node: SqlNode): readonly SqlNode[] {
  switch (node.kind) {
    case 'property':
    case 'number':
    case 'text':
    case 'boolean':
    case 'null':
      return [];
    case 'and':
    case 'or':
      return node.operands;
    case 'compare':
      return [node.left, node.right];
    case 'between':
      return [node.operand, node.low, node.high];
    case 'in':
      return [node.property];
    case 'minus':
    case 'not':
    case 'is-null':
    case 'search':
      return [node.operand];
  }
}
