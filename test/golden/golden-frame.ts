import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The two forms of a header (Java: SerializeType). */
export type SerializeType = 'JSON' | 'ROCKETMQ';

/** A frame that an Apache program wrote, with the request it belongs to. */
export interface GoldenFrame {
  readonly version: string;
  readonly serialize: SerializeType;
  /** `client`: the official Java client, or the broker towards its NameServer. */
  readonly from: 'client' | 'broker' | 'namesrv';
  readonly kind: 'request' | 'response';
  readonly requestCode: number;
  /** Response code; undefined for a request. */
  readonly responseCode?: number | undefined;
  readonly hex: string;
}

export const goldenFile = join(dirname(fileURLToPath(import.meta.url)), 'frames.json');

export function goldenFrames(): readonly GoldenFrame[] {
  return JSON.parse(readFileSync(goldenFile, 'utf8')) as readonly GoldenFrame[];
}
