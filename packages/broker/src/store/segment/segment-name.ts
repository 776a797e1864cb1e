/** Files of one family are named after the offset of their first byte: 20 decimal digits (page 20 §1.1). */
const digitCount = 20;

export function segmentName(startOffset: number): string {
  return String(startOffset).padStart(digitCount, '0');
}

/** The offset a name stands for; undefined when it is none. */
export function parseSegmentName(name: string): number | undefined {
  if (name.length !== digitCount || !/^\d+$/.test(name)) return undefined;
  const startOffset = Number(name);
  return Number.isSafeInteger(startOffset) ? startOffset : undefined;
}
