/** Bounds of one answer (Java: DefaultMessageStore.isTheBatchFull; page 04 §3). */
export interface BatchLimits {
  readonly maxTransferBytesOnMessageInMemory: number;
  readonly maxTransferCountOnMessageInMemory: number;
  readonly maxTransferBytesOnMessageInDisk: number;
  readonly maxTransferCountOnMessageInDisk: number;
}

/** What an answer holds so far. */
export interface BatchSoFar {
  readonly messageCount: number;
  readonly sizeBytes: number;
}

/** Whether the next message has no place in the answer. The first one always has, whatever its size. */
export function isBatchFull(
  batch: BatchSoFar,
  nextSizeBytes: number,
  maxCount: number,
  isInMemory: boolean,
  limits: BatchLimits,
): boolean {
  if (batch.messageCount === 0) return false;
  if (batch.messageCount >= maxCount) return true;
  const bytesMax = isInMemory ? limits.maxTransferBytesOnMessageInMemory : limits.maxTransferBytesOnMessageInDisk;
  const countMax = isInMemory ? limits.maxTransferCountOnMessageInMemory : limits.maxTransferCountOnMessageInDisk;
  return batch.sizeBytes + nextSizeBytes > bytesMax || batch.messageCount >= countMax;
}
