/** Java: ExpressionType. A subscription without a type is one by tags. */
export const sqlExpressionType = 'SQL92';

export function isTagType(expressionType: string | undefined): boolean {
  return expressionType === undefined || expressionType === '' || expressionType === 'TAG';
}
