/** What a reset of offsets means for one queue, as pure rules (page 32 §5, code 222). */

/** 222 has -1 for "the end of each queue". */
export function isToTheEnd(timestamp: number): boolean {
  return timestamp < 0;
}

/** The mode of 4.9: nobody is moved forward unless that is forced. */
export function clientResetOffset(wanted: number, committed: number, isForced: boolean): number {
  return isForced || wanted < committed ? wanted : committed;
}

/** Java: an explicit offset lies between the oldest message and one behind the end. */
export function isOffsetInRange(offset: number, minOffset: number, maxOffset: number): boolean {
  return offset >= minOffset && offset <= maxOffset + 1;
}

/** What is stored of such an offset: a group that stands behind the end would skip the message that comes next. */
export function storedResetOffset(offset: number, maxOffset: number): number {
  return Math.min(offset, maxOffset);
}
