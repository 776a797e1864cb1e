import type { Labels } from './metric-family.js';

/** Operators' own labels: `k:v,k:v` of `metricsLabel`. Undefined when it is none of that; the last of equal names counts. */
export function parseMetricsLabel(text: string): Labels | undefined {
  const labels: Record<string, string> = {};
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const colon = part.indexOf(':');
    const [name, value] = [part.slice(0, colon).trim(), part.slice(colon + 1).trim()];
    if (colon < 0 || name === '' || value === '') return undefined;
    labels[name] = value;
  }
  return labels;
}
