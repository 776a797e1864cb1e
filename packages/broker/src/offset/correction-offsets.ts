/** What a request for corrections needs of each group. */
export interface CorrectionFacts {
  /** Offsets of the groups that count, queue → offset. */
  readonly groups: readonly ReadonlyMap<number, number>[];
  /** Of the group that is compared. */
  readonly compared: ReadonlyMap<number, number>;
  readonly minOffset: (queueId: number) => number;
}

/** Java: Long.MAX_VALUE, for "the compared group is behind all others". */
const behind = 9_223_372_036_854_775_807n;

/**
 * The lowest offset of any group in each queue; offsets whose messages are gone do not count (Java:
 * ConsumerOffsetManager.queryMinOffsetInAllGroup; page 32 §2, code 308). Apache forgets, by a slip, all offsets of the groups
 * that are left out; nothing is changed here.
 */
export function correctionOffsets({ groups, compared, minOffset }: CorrectionFacts): Map<number, number | bigint> {
  const lowest = new Map<number, number>();
  for (const offsets of groups) {
    for (const [queueId, offset] of offsets) {
      if (offset < minOffset(queueId)) continue;
      lowest.set(queueId, Math.min(offset, lowest.get(queueId) ?? offset));
    }
  }
  const corrections = new Map<number, number | bigint>(lowest);
  for (const [queueId, offset] of compared) {
    const known = lowest.get(queueId);
    if (known !== undefined && known > offset) corrections.set(queueId, behind);
  }
  return corrections;
}
