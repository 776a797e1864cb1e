const digitCount = 17;

/** The local time of its creation names an index file: `yyyyMMddHHmmssSSS` (page 20 §5). Always behind `newestName`, whatever the clock does. */
export function indexFileName(nowMs: number, newestName: string | undefined): string {
  const time = new Date(nowMs);
  const parts: readonly (readonly [number, number])[] = [
    [time.getFullYear(), 4],
    [time.getMonth() + 1, 2],
    [time.getDate(), 2],
    [time.getHours(), 2],
    [time.getMinutes(), 2],
    [time.getSeconds(), 2],
    [time.getMilliseconds(), 3],
  ];
  const name = parts.map(([value, width]) => String(value).padStart(width, '0')).join('');
  if (newestName === undefined || name > newestName) return name;
  // Files are ordered by their names alone, so a name need not be a real time.
  return String(BigInt(newestName) + 1n).padStart(digitCount, '0');
}

/** Files with other names are left alone, as Apache does. */
export function isIndexFileName(name: string): boolean {
  return name.length === digitCount && /^\d+$/.test(name);
}
