const pattern = /^[+-]?\d{1,10}$/;

/** Reads what Java's `Integer.parseInt` reads; undefined for anything else. */
export function parseJavaInt(text: string): number | undefined {
  if (!pattern.test(text)) return undefined;
  const value = Number(text);
  return value >= -2147483648 && value <= 2147483647 ? value : undefined;
}
