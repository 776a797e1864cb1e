import { compileSqlFilter, type SqlCompilation } from './sql-filter.js';
import { sqlLimits } from './sql-limits.js';

export interface SqlFilterCacheLimits {
  readonly expressionsMax: number;
  /** Characters of all expressions: what is made of one is proportional to them. */
  readonly charsMax: number;
}

const defaultLimits: SqlFilterCacheLimits = { expressionsMax: 1024, charsMax: 524_288 };

/**
 * Expressions that were compiled, the latest used last: every consumer of a group pulls with the same one, and a pull of a
 * pull consumer carries it each time. Beyond a limit the one that was not used for longest is forgotten.
 */
export class SqlFilterCache {
  readonly #known = new Map<string, SqlCompilation>();
  readonly #limits: SqlFilterCacheLimits;
  #charCount = 0;
  /** Characters that were compiled by the last `compile`; 0 when the expression was known. */
  lastCompiledChars = 0;

  constructor(limits: SqlFilterCacheLimits = defaultLimits) {
    this.#limits = limits;
  }

  get expressionCount(): number {
    return this.#known.size;
  }

  compile(expression: string): SqlCompilation {
    const known = this.#known.get(expression);
    if (known !== undefined) {
      this.#known.delete(expression);
      this.#known.set(expression, known);
      this.lastCompiledChars = 0;
      return known;
    }
    this.lastCompiledChars = Math.min(expression.length, sqlLimits.expressionCharsMax);
    const compilation = compileSqlFilter(expression);
    // One that is too long was not looked at, so nothing is saved by knowing it.
    if (expression.length > sqlLimits.expressionCharsMax) return compilation;
    this.#known.set(expression, compilation);
    this.#charCount += expression.length;
    this.#forgetOldest();
    return compilation;
  }

  #forgetOldest(): void {
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#limits.expressionsMax && this.#charCount <= this.#limits.charsMax) return;
      this.#known.delete(oldest);
      this.#charCount -= oldest.length;
    }
  }
}
