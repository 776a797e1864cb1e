/** Operands by value, for the rare comparisons that are not between a property and a literal. */
import type { JavaNumber } from './java-number.js';
import { Order, orderOfDoubles, orderOfNumbers } from './order.js';
import { SqlText } from './sql-text.js';
import { Verdict, verdictOf } from './verdict.js';

/** Where evaluating an operand fails, as Java throws there. */
export const failed: unique symbol = Symbol('failed');

/** undefined: NULL. */
export type SqlValue = SqlText | boolean | JavaNumber | undefined | typeof failed;

export function isNumber(value: SqlValue): value is JavaNumber {
  return typeof value === 'object' && !(value instanceof SqlText);
}

/** Java: Boolean.valueOf. */
export function isTrueText(text: string): boolean {
  return text.length === 4 && text.toLowerCase() === 'true';
}

/** A missing left side makes an equation unknown, a missing right side makes it false; two missing ones are equal. */
export function equalValues(left: SqlValue, right: SqlValue): Verdict {
  if (left === failed || right === failed) return Verdict.ERROR;
  if (left === undefined) return right === undefined ? Verdict.TRUE : Verdict.NULL;
  if (right === undefined) return Verdict.FALSE;
  if (typeof left === 'boolean') {
    if (right instanceof SqlText) return Verdict.ERROR;
    return verdictOf(left === right);
  }
  if (typeof right === 'boolean') return verdictOf(left instanceof SqlText && isTrueText(left.text) === right);
  if (left instanceof SqlText && right instanceof SqlText) return verdictOf(left.text === right.text);
  const order = orderOfValues(left, right);
  return order === Order.ERROR ? Verdict.ERROR : verdictOf(order === Order.EQUAL);
}

/** A text is read as a number of the other side's kind; two texts as doubles. */
export function orderOfValues(left: SqlValue, right: SqlValue): Order {
  if (left === failed || right === failed) return Order.ERROR;
  if (left === undefined || right === undefined) return Order.MISSING;
  if (typeof left === 'boolean' || typeof right === 'boolean') return Order.ERROR;
  if (left instanceof SqlText && right instanceof SqlText) {
    const leftValue = left.readAs('double');
    const rightValue = right.readAs('double');
    if (leftValue === undefined || rightValue === undefined) return Order.ERROR;
    return orderOfDoubles(Number(leftValue.value), Number(rightValue.value));
  }
  const leftNumber = left instanceof SqlText ? left.readAs((right as JavaNumber).kind) : left;
  const rightNumber = right instanceof SqlText ? right.readAs((left as JavaNumber).kind) : right;
  if (leftNumber === undefined || rightNumber === undefined) return Order.ERROR;
  return orderOfNumbers(leftNumber, rightNumber);
}
