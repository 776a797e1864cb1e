/**
 * Reads an expression into its tree (Java: SelectorParser of 5.5.0; page 04 §7). What RocketMQ refuses is refused; the end of
 * the expression is not required, so what follows a complete expression is ignored. Bounds: `SqlLimits`.
 */
import { expressionProblem } from './expression-problem.js';
import { doubleLiteral, integerLiteral, type JavaNumber } from './java-number.js';
import { type Comparison, Order, orderOfNumbers } from './order.js';
import { type SqlLimits, sqlLimits } from './sql-limits.js';
import { isCondition, isConstant, type SqlNode, type SqlTested, type TextSearch } from './syntax-tree.js';
import { type Token, Tokenizer } from './tokenizer.js';

export interface ParsedSql {
  readonly tree: SqlTested;
  readonly nodeCount: number;
  readonly searchCount: number;
}

/** Throws a `ValidationError` `EXPRESSION_INVALID`; its details name the `limit` when one is exceeded. */
export function parseSql(expression: string, limits: SqlLimits = sqlLimits): ParsedSql {
  if (expression.length > limits.expressionCharsMax) {
    throw expressionProblem(`it has more than ${limits.expressionCharsMax} characters`, 'expressionCharsMax');
  }
  return new Parser(expression, limits).parse();
}

class Parser {
  readonly #tokens: Tokenizer;
  readonly #limits: SqlLimits;
  #token: Token;
  #nesting = 0;
  #nodeCount = 0;
  #searchCount = 0;

  constructor(expression: string, limits: SqlLimits) {
    this.#tokens = new Tokenizer(expression);
    this.#limits = limits;
    this.#token = this.#tokens.next();
  }

  parse(): ParsedSql {
    const tree = condition(this.#or());
    return { tree, nodeCount: this.#nodeCount, searchCount: this.#searchCount };
  }

  #or(): SqlNode {
    return this.#chain('OR', 'or', () => this.#and());
  }

  #and(): SqlNode {
    return this.#chain('AND', 'and', () => this.#equality());
  }

  #chain(separator: 'OR' | 'AND', kind: 'or' | 'and', part: () => SqlNode): SqlNode {
    const first = part();
    if (this.#token.kind !== separator) return first;
    const operands = [condition(first)];
    while (this.#take(separator)) operands.push(condition(part()));
    return this.#grown<SqlNode>(operands, (height) => ({ kind, operands, height }));
  }

  #equality(): SqlNode {
    let left = this.#comparison();
    for (;;) {
      if (this.#take('=')) left = this.#equals(left, this.#comparison());
      else if (this.#take('<>')) left = this.#not(this.#equals(left, this.#comparison()));
      else if (this.#take('IS')) left = this.#isNull(left);
      else return left;
    }
  }

  #equals(left: SqlNode, right: SqlNode): SqlTested {
    if (left.kind === 'null' || right.kind === 'null') throw expressionProblem('nothing equals NULL: say IS NULL');
    if (left.kind === 'boolean' && isConstant(right) && right.kind !== 'boolean') {
      throw expressionProblem('a boolean is compared with another constant');
    }
    return this.#compare('=', left, right);
  }

  #isNull(operand: SqlNode): SqlNode {
    const isNot = this.#take('NOT');
    this.#expect('NULL');
    const node = this.#grown<SqlTested>([operand], (height) => ({ kind: 'is-null', operand, height }));
    return isNot ? this.#not(node) : node;
  }

  #comparison(): SqlNode {
    let left = this.#unary();
    for (;;) {
      const { kind } = this.#token;
      if (kind === '>' || kind === '>=' || kind === '<' || kind === '<=') {
        this.#advance();
        left = this.#compare(kind, ordered(left), ordered(this.#unary()));
      } else if (kind === 'NOT') {
        this.#advance();
        left = this.#membership(left, true);
      } else if (isMembership(kind)) {
        left = this.#membership(left, false);
      } else {
        return left;
      }
    }
  }

  #membership(operand: SqlNode, isNot: boolean): SqlNode {
    const { kind } = this.#token;
    this.#advance();
    if (kind === 'BETWEEN') return this.#between(operand, isNot);
    if (kind === 'IN') return this.#in(operand, isNot);
    if (kind === 'CONTAINS' || kind === 'STARTSWITH' || kind === 'ENDSWITH') return this.#search(kind, operand, isNot);
    throw expressionProblem('NOT is not followed by BETWEEN, IN, CONTAINS, STARTSWITH or ENDSWITH');
  }

  #between(operand: SqlNode, isNot: boolean): SqlNode {
    const low = ordered(this.#unary());
    this.#expect('AND');
    const high = ordered(this.#unary());
    ordered(operand);
    if (!isNot && low.kind === 'number' && high.kind === 'number') {
      if (orderOfNumbers(low.value, high.value) === Order.GREATER)
        throw expressionProblem('BETWEEN has nothing between its bounds');
    }
    return this.#grown<SqlNode>([operand, low, high], (height) => ({ kind: 'between', operand, low, high, isNot, height }));
  }

  #in(operand: SqlNode, isNot: boolean): SqlNode {
    if (operand.kind !== 'property') throw expressionProblem('IN is for properties');
    this.#expect('(');
    const values = new Set([this.#expect('text').text]);
    let count = 1;
    while (this.#take(',')) {
      values.add(this.#expect('text').text);
      count += 1;
      if (count > this.#limits.inListMax) {
        throw expressionProblem(`an IN has more than ${this.#limits.inListMax} texts`, 'inListMax');
      }
    }
    this.#expect(')');
    const node = this.#grown<SqlTested>([operand], (height) => ({ kind: 'in', property: operand, values, height }));
    return isNot ? this.#not(node) : node;
  }

  #search(how: TextSearch, operand: SqlNode, isNot: boolean): SqlNode {
    const { text } = this.#expect('text');
    this.#searchCount += 1;
    if (this.#searchCount > this.#limits.searchesMax) {
      throw expressionProblem(`it searches texts more than ${this.#limits.searchesMax} times`, 'searchesMax');
    }
    return this.#grown<SqlNode>([operand], (height) => ({ kind: 'search', how, isNot, operand, text, height }));
  }

  #unary(): SqlNode {
    const { kind } = this.#token;
    if (kind !== '+' && kind !== '-' && kind !== 'NOT') return this.#primary();
    this.#advance();
    const operand = this.#nested(() => this.#unary());
    if (kind === '+') return operand;
    if (kind === 'NOT') return this.#not(condition(operand));
    return this.#grown<SqlNode>([operand], (height) => ({ kind: 'minus', operand, height }));
  }

  #primary(): SqlNode {
    const { kind, text } = this.#token;
    this.#advance();
    if (kind === '(') {
      const inner = this.#nested(() => this.#or());
      this.#expect(')');
      return inner;
    }
    if (kind === 'name') return this.#counted({ kind: 'property', name: text, height: 1 });
    if (kind === 'text') return this.#counted({ kind, value: text, height: 1 });
    if (kind === 'integer') return this.#counted({ kind: 'number', value: literal(integerLiteral(text), text), height: 1 });
    if (kind === 'double') return this.#counted({ kind: 'number', value: literal(doubleLiteral(text), text), height: 1 });
    if (kind === 'TRUE' || kind === 'FALSE') return this.#counted({ kind: 'boolean', value: kind === 'TRUE', height: 1 });
    if (kind === 'NULL') return this.#counted({ kind: 'null', height: 1 });
    throw expressionProblem(`${kind === 'end' ? 'its end' : kind} stands where a value should`);
  }

  #compare(comparison: Comparison, left: SqlNode, right: SqlNode): SqlTested {
    return this.#grown<SqlTested>([left, right], (height) => ({ kind: 'compare', comparison, left, right, height }));
  }

  #not(operand: SqlTested): SqlNode {
    return this.#grown<SqlNode>([operand], (height) => ({ kind: 'not', operand, height }));
  }

  #counted<Node extends SqlNode>(node: Node): Node {
    this.#nodeCount += 1;
    if (this.#nodeCount > this.#limits.nodesMax) {
      throw expressionProblem(`it has more than ${this.#limits.nodesMax} operands and operators`, 'nodesMax');
    }
    return node;
  }

  #grown<Node extends SqlNode>(operands: readonly SqlNode[], make: (height: number) => Node): Node {
    let height = 0;
    for (const operand of operands) height = Math.max(height, operand.height);
    if (height >= this.#limits.nestingMax) throw this.#tooDeep();
    return this.#counted(make(height + 1));
  }

  #nested(read: () => SqlNode): SqlNode {
    this.#nesting += 1;
    if (this.#nesting > this.#limits.nestingMax) throw this.#tooDeep();
    const node = read();
    this.#nesting -= 1;
    return node;
  }

  #tooDeep(): Error {
    return expressionProblem(`it is nested deeper than ${this.#limits.nestingMax}`, 'nestingMax');
  }

  #advance(): void {
    this.#token = this.#tokens.next();
  }

  #take(kind: Token['kind']): boolean {
    if (this.#token.kind !== kind) return false;
    this.#advance();
    return true;
  }

  #expect(kind: Token['kind']): Token {
    const token = this.#token;
    if (token.kind !== kind) throw expressionProblem(`${token.kind === 'end' ? 'it ends' : token.kind} instead of ${kind}`);
    this.#advance();
    return token;
  }
}

function isMembership(kind: Token['kind']): boolean {
  return kind === 'BETWEEN' || kind === 'IN' || kind === 'CONTAINS' || kind === 'STARTSWITH' || kind === 'ENDSWITH';
}

/** An operand of AND, OR, NOT, or the whole: a condition, or a property in place of one. */
function condition(node: SqlNode): SqlTested {
  if (isCondition(node) || node.kind === 'property') return node;
  throw expressionProblem('a number or text stands where a condition should');
}

/** An operand of > >= < <= BETWEEN. */
function ordered(node: SqlNode): SqlNode {
  if (!isCondition(node) && node.kind !== 'text') return node;
  throw expressionProblem('only numbers and properties have an order');
}

function literal(value: JavaNumber | undefined, text: string): JavaNumber {
  if (value === undefined) throw expressionProblem(`${text.slice(0, 32)} is out of range`);
  return value;
}
