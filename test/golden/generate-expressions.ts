/** Expressions from a seed: mostly of the grammar, some cut, spliced or sprinkled with what does not belong there. */
import type { ExpressionRow } from './sql-expressions.js';

type Pick = <Value>(values: readonly Value[]) => Value;

const names = ['a', 'b', 'c', 'TAGS', 'missing'];
const numbers = [
  '0',
  '1',
  '5',
  '5L',
  '-5',
  '- 5',
  '+5',
  '2147483647',
  '2147483648',
  '3000000000',
  '9223372036854775807',
  '9007199254740993',
  '0.5',
  '5.0',
  '5.5',
  '.5',
  '5.',
  '1e3',
  '-1.5e-3',
  '9007199254740992.0',
];
const wrongNumbers = ['0.0', '9223372036854775808', '1e400', '05', '1e', '5d', '0x10'];
const texts = ["'x'", "'5'", "''", "'it''s'", "'true'", "'订单'", "'TagA'", "'5.5'", "'abc'", "'b'"];
const strays = ['#', ')', '(', ',', 'garbage', '--', '-- x\n', '/* y */', '/*', "'", 'NOT', 'IS', '=', '<', '.', '\n', 'BETWEEN', ';'];
const values = [
  '0',
  '-0',
  '1',
  '5',
  '+5',
  '-5',
  '05',
  '5.0',
  '5.5',
  ' 5',
  '5L',
  '1e3',
  '3000000000',
  '9007199254740993',
  '9223372036854775808',
  'x',
  'abc',
  'true',
  'TRUE',
  'false',
  'NaN',
  "it's",
  '订单',
  'TagA',
  '٥',
];

/** mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

class Generator {
  readonly #random: () => number;
  readonly #pick: Pick = (list) => list[Math.floor(this.#random() * list.length)] as (typeof list)[number];

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  row(): ExpressionRow {
    const expression = this.#damaged(this.#condition(3));
    const sets = Array.from({ length: 6 }, () => {
      const set: Record<string, string> = {};
      for (const name of names) if (name !== 'missing' && this.#random() < 0.75) set[name] = this.#pick(values);
      return set;
    });
    return { expression, sets };
  }

  #condition(depth: number): string {
    const roll = depth === 0 ? 0 : this.#random();
    if (roll < 0.45) return this.#test(depth);
    if (roll < 0.6) return `${this.#condition(depth - 1)} ${this.#word('AND')} ${this.#condition(depth - 1)}`;
    if (roll < 0.75) return `${this.#condition(depth - 1)} ${this.#word('OR')} ${this.#condition(depth - 1)}`;
    if (roll < 0.85) return `(${this.#condition(depth - 1)})`;
    if (roll < 0.95) return `${this.#word('NOT')} (${this.#condition(depth - 1)})`;
    return `${this.#word('NOT')} ${this.#condition(depth - 1)}`;
  }

  #test(depth: number): string {
    const roll = this.#random();
    const not = this.#random() < 0.3 ? `${this.#word('NOT')} ` : '';
    if (roll < 0.4) return `${this.#operand(depth)} ${this.#pick(['=', '<>', '>', '>=', '<', '<='])} ${this.#operand(depth)}`;
    if (roll < 0.5) return `${this.#pick(names)} ${this.#pick(['=', '<>'])} ${this.#pick(['TRUE', 'FALSE', ...texts])}`;
    if (roll < 0.65) {
      const [low, high] = [this.#operand(depth), this.#operand(depth)];
      return `${this.#operand(depth)} ${not}${this.#word('BETWEEN')} ${low} ${this.#word('AND')} ${high}`;
    }
    if (roll < 0.75) {
      const list = Array.from({ length: 1 + Math.floor(this.#random() * 4) }, () => this.#pick(texts));
      return `${this.#pick(names)} ${not}${this.#word('IN')} (${list.join(', ')})`;
    }
    if (roll < 0.85) return `${this.#operand(depth)} ${this.#word('IS')} ${not}${this.#word('NULL')}`;
    if (roll < 0.95) {
      const how = this.#word(this.#pick(['CONTAINS', 'STARTSWITH', 'ENDSWITH']));
      return `${this.#random() < 0.8 ? this.#pick(names) : this.#operand(depth)} ${not}${how} ${this.#pick(texts)}`;
    }
    return this.#operand(depth);
  }

  #operand(depth: number): string {
    const roll = this.#random();
    if (roll < 0.5) return this.#pick(names);
    if (roll < 0.75) return this.#pick(numbers);
    if (roll < 0.82) return this.#pick(texts);
    if (roll < 0.87) return this.#pick(['TRUE', 'FALSE', 'NULL']);
    if (roll < 0.89) return this.#pick(wrongNumbers);
    if (roll < 0.93) return `-${this.#pick(names)}`;
    return depth === 0 ? this.#pick(names) : `(${this.#condition(depth - 1)})`;
  }

  #word(word: string): string {
    return this.#random() < 0.8 ? word : this.#random() < 0.5 ? word.toLowerCase() : word.slice(0, 1) + word.slice(1).toLowerCase();
  }

  #damaged(expression: string): string {
    const roll = this.#random();
    const at = Math.floor(this.#random() * (expression.length + 1));
    if (roll < 0.06) return expression.slice(0, at);
    if (roll < 0.12) return `${expression.slice(0, at)}${this.#pick(strays)}${expression.slice(at)}`;
    if (roll < 0.18) return `${expression} ${this.#pick(strays)} ${this.#condition(1)}`;
    if (roll < 0.22) return expression.replaceAll(' ', '');
    return expression;
  }
}

export function generateExpressions(seed: number, count: number): readonly ExpressionRow[] {
  const generator = new Generator(seed);
  return Array.from({ length: count }, () => generator.row());
}
