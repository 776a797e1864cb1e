/** A configuration as an operator sees it (requests 26 and 319; Java: MixAll.properties2String): sorted `key=value` lines, not escaped. */
export function shownProperties(values: object): string {
  const lines = Object.entries(values).map(([key, value]) => `${key}=${String(value)}\n`);
  return lines.toSorted().join('');
}
