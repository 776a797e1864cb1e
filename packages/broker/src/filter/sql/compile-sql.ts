/**
 * Turns the tree of an expression into functions over located properties (Java: the evaluation of
 * org.apache.rocketmq.filter.expression; page 04 §7). A property against a literal, which is what expressions are made of, is
 * decided on the bytes of the message; everything else by value.
 */
import { type JavaNumber, negate } from './java-number.js';
import { type Comparison, equalsWithMissingRight, flip, type Order, verdictsOf } from './order.js';
import { PropertyLocator } from './property-locator.js';
import { SqlText } from './sql-text.js';
import { isCondition, partsOf, type SqlBetween, type SqlNode, type SqlTested, type TextSearch } from './syntax-tree.js';
import { equalValues, failed, isNumber, isTrueText, orderOfValues, type SqlValue } from './values.js';
import { not, Verdict, verdictOf } from './verdict.js';

type Test = () => Verdict;
type Evaluate = () => SqlValue;

export interface CompiledSql {
  readonly properties: PropertyLocator;
  /** The verdict on the properties that were located last. */
  readonly test: Test;
}

/** The height of the tree is bounded, and so is the depth of the functions' calls. */
export function compileSql(tree: SqlTested): CompiledSql {
  const slots = new Map<string, number>();
  collectNames(tree, slots);
  const properties = new PropertyLocator([...slots.keys()]);
  return { properties, test: new Compiler(properties, slots).condition(tree) };
}

function collectNames(node: SqlNode, slots: Map<string, number>): void {
  if (node.kind === 'property' && !slots.has(node.name)) slots.set(node.name, slots.size);
  for (const part of partsOf(node)) collectNames(part, slots);
}

class Compiler {
  readonly #properties: PropertyLocator;
  readonly #slots: ReadonlyMap<string, number>;

  constructor(properties: PropertyLocator, slots: ReadonlyMap<string, number>) {
    this.#properties = properties;
    this.#slots = slots;
  }

  condition(node: SqlTested): Test {
    const properties = this.#properties;
    switch (node.kind) {
      case 'property': {
        // Its value is a text, which is never true, whatever it says.
        const slot = this.#slot(node.name);
        return () => (properties.has(slot) ? Verdict.FALSE : Verdict.NULL);
      }
      case 'boolean': {
        const verdict = verdictOf(node.value);
        return () => verdict;
      }
      case 'null':
        return () => Verdict.NULL;
      case 'not': {
        const operand = this.condition(node.operand);
        return () => not(operand());
      }
      case 'and':
      case 'or':
        return junction(
          node.operands.map((operand) => this.condition(operand)),
          node.kind === 'and' ? Verdict.FALSE : Verdict.TRUE,
        );
      case 'compare':
        return this.#compare(node.comparison, node.left, node.right);
      case 'between':
        return this.#between(node);
      case 'is-null': {
        if (node.operand.kind === 'property') {
          const slot = this.#slot(node.operand.name);
          return () => verdictOf(!properties.has(slot));
        }
        const operand = this.#value(node.operand);
        return () => {
          const value = operand();
          return value === failed ? Verdict.ERROR : verdictOf(value === undefined);
        };
      }
      case 'in': {
        const slot = this.#slot(node.property.name);
        const { values } = node;
        return () => {
          const text = properties.text(slot);
          return text === undefined ? Verdict.NULL : verdictOf(values.has(text.text));
        };
      }
      case 'search':
        return this.#search(node.how, node.operand, node.text, node.isNot);
    }
  }

  #compare(comparison: Comparison, left: SqlNode, right: SqlNode): Test {
    if (left.kind === 'property' && right.kind === 'number') {
      return this.#propertyAndNumber(left.name, right.value, verdictsOf(comparison));
    }
    if (left.kind === 'number' && right.kind === 'property') {
      const verdicts = comparison === '=' ? equalsWithMissingRight : verdictsOf(flip(comparison));
      return this.#propertyAndNumber(right.name, left.value, verdicts);
    }
    if (left.kind === 'property' && right.kind === 'property' && comparison !== '=') {
      const properties = this.#properties;
      const leftSlot = this.#slot(left.name);
      const rightSlot = this.#slot(right.name);
      const verdicts = verdictsOf(comparison);
      return () => verdicts[properties.orderBetween(leftSlot, rightSlot)] as Verdict;
    }
    if (comparison === '=') return this.#equals(left, right);
    const verdicts = verdictsOf(comparison);
    const leftValue = this.#value(left);
    const rightValue = this.#value(right);
    return () => verdicts[orderOfValues(leftValue(), rightValue())] as Verdict;
  }

  #equals(left: SqlNode, right: SqlNode): Test {
    const properties = this.#properties;
    if (left.kind === 'property' && right.kind === 'text') {
      return this.#propertyAndText(left.name, right.value, Verdict.NULL);
    }
    if (left.kind === 'text' && right.kind === 'property') {
      return this.#propertyAndText(right.name, left.value, Verdict.FALSE);
    }
    if (left.kind === 'property' && right.kind === 'property') {
      const leftSlot = this.#slot(left.name);
      const rightSlot = this.#slot(right.name);
      return () => {
        if (!properties.has(leftSlot)) return properties.has(rightSlot) ? Verdict.NULL : Verdict.TRUE;
        return verdictOf(properties.has(rightSlot) && properties.isSame(leftSlot, rightSlot));
      };
    }
    if (left.kind === 'property' && right.kind === 'boolean') {
      const slot = this.#slot(left.name);
      const { value } = right;
      return () => {
        const text = properties.text(slot);
        return text === undefined ? Verdict.NULL : verdictOf(isTrueText(text.text) === value);
      };
    }
    const leftValue = this.#value(left);
    const rightValue = this.#value(right);
    return () => equalValues(leftValue(), rightValue());
  }

  #propertyAndNumber(name: string, number: JavaNumber, verdicts: readonly Verdict[]): Test {
    const properties = this.#properties;
    const slot = this.#slot(name);
    return () => verdicts[properties.orderTo(slot, number)] as Verdict;
  }

  #propertyAndText(name: string, text: string, missing: Verdict): Test {
    const properties = this.#properties;
    const slot = this.#slot(name);
    const bytes = Buffer.from(text);
    return () => (properties.has(slot) ? verdictOf(properties.equals(slot, bytes)) : missing);
  }

  /** `x >= low AND x <= high`, or `x < low OR x > high`; x is looked at once. */
  #between(node: SqlBetween): Test {
    const lowVerdicts = verdictsOf(node.isNot ? '<' : '>=');
    const highVerdicts = verdictsOf(node.isNot ? '>' : '<=');
    const decisive = node.isNot ? Verdict.TRUE : Verdict.FALSE;
    const { operand, low, high } = node;
    if (operand.kind === 'property' && low.kind === 'number' && high.kind === 'number') {
      const first = this.#propertyAndNumber(operand.name, low.value, lowVerdicts);
      return junction([first, this.#propertyAndNumber(operand.name, high.value, highVerdicts)], decisive);
    }
    const value = this.#value(operand);
    const lowValue = this.#value(low);
    const highValue = this.#value(high);
    return () => {
      const middle = value();
      const first = lowVerdicts[orderOfValues(middle, lowValue())] as Verdict;
      if (first === decisive || first === Verdict.ERROR) return first;
      const second = highVerdicts[orderOfValues(middle, highValue()) satisfies Order] as Verdict;
      return second === decisive || second === Verdict.ERROR || first !== Verdict.NULL ? second : Verdict.NULL;
    };
  }

  /** What has no text is not searched: both forms are false then, and also for an empty text to search for. */
  #search(how: TextSearch, operand: SqlNode, text: string, isNot: boolean): Test {
    if (text === '') return () => Verdict.FALSE;
    const properties = this.#properties;
    if (operand.kind === 'property') {
      const slot = this.#slot(operand.name);
      const bytes = Buffer.from(text);
      const search = {
        CONTAINS: () => properties.contains(slot, bytes),
        STARTSWITH: () => properties.startsWith(slot, bytes),
        ENDSWITH: () => properties.endsWith(slot, bytes),
      }[how];
      return () => verdictOf(properties.has(slot) && search() !== isNot);
    }
    const value = this.#value(operand);
    return () => {
      const source = value();
      if (source === failed) return Verdict.ERROR;
      if (!(source instanceof SqlText)) return Verdict.FALSE;
      const found = source.text;
      const isFound = { CONTAINS: found.includes(text), STARTSWITH: found.startsWith(text), ENDSWITH: found.endsWith(text) };
      return verdictOf(isFound[how] !== isNot);
    };
  }

  #value(node: SqlNode): Evaluate {
    if (node.kind === 'property') {
      const properties = this.#properties;
      const slot = this.#slot(node.name);
      return () => properties.text(slot);
    }
    if (node.kind === 'minus') {
      const operand = this.#value(node.operand);
      return () => {
        const value = operand();
        if (value === failed) return failed;
        return isNumber(value) ? negate(value) : undefined;
      };
    }
    if (isCondition(node)) {
      const test = this.condition(node);
      return () => {
        const verdict = test();
        if (verdict === Verdict.ERROR) return failed;
        return verdict === Verdict.NULL ? undefined : verdict === Verdict.TRUE;
      };
    }
    const value = node.kind === 'text' ? new SqlText(node.value) : node.value;
    return () => value;
  }

  #slot(name: string): number {
    return this.#slots.get(name) as number;
  }
}

/** AND and OR of three values: `decisive` ends the search, an error ends it too, and what is unknown stays unknown. */
function junction(tests: readonly Test[], decisive: Verdict): Test {
  const neutral = not(decisive);
  return () => {
    let verdict: Verdict = neutral;
    for (const test of tests) {
      const next = test();
      if (next === decisive || next === Verdict.ERROR) return next;
      if (next === Verdict.NULL) verdict = next;
    }
    return verdict;
  };
}
