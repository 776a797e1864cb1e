import { ValidationError } from '@orbitmq/core/kernel';

/** Why an expression is refused; `limit` names the bound when that is the reason, and RocketMQ might have taken it. */
export function expressionProblem(problem: string, limit?: string): ValidationError {
  return new ValidationError('EXPRESSION_INVALID', `the SQL92 expression is wrong: ${problem}`, {
    details: limit === undefined ? {} : { limit },
  });
}
