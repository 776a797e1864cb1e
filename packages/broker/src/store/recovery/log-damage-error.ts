import { StoreError } from '@orbitmq/core/kernel';
import type { SegmentList } from '../segment/segment-list.js';

export interface LogDamage {
  readonly segments: SegmentList;
  readonly physicalEnd: number;
  /** Why there is no record at `physicalEnd`; undefined: the space was never written. */
  readonly damage: string | undefined;
}

/** There should be a record at `physicalEnd`, as `why` says: to cut the log there would delete what was acknowledged (promises §0.5). */
export function logDamageError(
  { damage, physicalEnd, segments }: LogDamage,
  why: string,
  details: Readonly<Record<string, number>>,
): StoreError {
  const place = `${segments.pathOf(segments.startOf(physicalEnd))}, log offset ${physicalEnd}`;
  return new StoreError(
    'STORE_CORRUPT',
    `The commit log is damaged in ${place} (${damage ?? 'there is no record'}), but ${why}. The log was left as it is: restore the file from a copy, or run mqbroker --repair`,
    { details: { physicalOffset: physicalEnd, ...details } },
  );
}
