import { isMqError } from '@orbitmq/core/kernel';
import { spansOfRecord } from '@orbitmq/protocol';
import type { RecordFilter } from '../../store/record-filter.js';
import { compileSql } from './compile-sql.js';
import { parseSql } from './parse-sql.js';
import type { PropertyLocator } from './property-locator.js';
import { type SqlLimits, sqlLimits } from './sql-limits.js';
import { Verdict } from './verdict.js';

/** About what a node of the tree costs, in bytes of properties looked at. */
const nodeCost = 32;

/** A SQL92 expression ready to look at messages (Java: the Expression that FilterSpi.compile gives). */
export class SqlFilter implements RecordFilter {
  readonly #properties: PropertyLocator;
  readonly #test: () => Verdict;
  readonly #nodeCost: number;
  readonly #looks: number;
  readonly sizeChars: number;
  lastCost = 0;

  /** Throws a `ValidationError` `EXPRESSION_INVALID`; its details name the `limit` when one is exceeded. */
  constructor(expression: string, limits: SqlLimits = sqlLimits) {
    const { tree, nodeCount, searchCount } = parseSql(expression, limits);
    const { properties, test } = compileSql(tree);
    this.sizeChars = expression.length;
    this.#properties = properties;
    this.#test = test;
    this.#nodeCost = nodeCount * nodeCost;
    this.#looks = 1 + searchCount;
  }

  /** Whether a stored record passes: only when the expression is true of its properties. A damaged one does, for its reader to see. */
  matches(record: Buffer): boolean {
    const spans = spansOfRecord(record, 0, record.length);
    if (typeof spans === 'string') return true;
    this.#properties.locate(record, spans.propertiesStart, spans.sizeBytes);
    const verdict = this.#test();
    this.lastCost = this.#nodeCost + (spans.sizeBytes - spans.propertiesStart) * this.#looks + this.#properties.cost;
    return verdict === Verdict.TRUE;
  }

  /** The verdict on a property string. */
  verdict(properties: Buffer): Verdict {
    this.#properties.locate(properties, 0, properties.length);
    return this.#test();
  }
}

/** What becomes of an expression; `isTooLarge` when RocketMQ might have taken it. */
export type SqlCompilation =
  | { readonly filter: SqlFilter }
  | { readonly filter: undefined; readonly problem: string; readonly isTooLarge: boolean };

export function compileSqlFilter(expression: string, limits: SqlLimits = sqlLimits): SqlCompilation {
  try {
    return { filter: new SqlFilter(expression, limits) };
  } catch (error) {
    if (!isMqError(error)) throw error;
    return { filter: undefined, problem: error.message, isTooLarge: error.details['limit'] !== undefined };
  }
}
