/** Bounds of the message services that RocketMQ has no key for. Each is tested at its edge. */
export interface MessageLimits {
  /** Pulls that one connection may have parked; beyond it its oldest one is answered. Default: 10,000. */
  readonly pullHoldPerConnectionMax: number;
  /** Pulls that may be parked in all; beyond it the oldest one is answered. Default: 100,000. */
  readonly pullHoldMax: number;
  /**
   * Characters of the expressions that parked pulls carry, and of the different SQL92 expressions that they filter with, 31 bytes
   * of memory each; beyond it the oldest one that has an expression is answered. Default: 2,097,152.
   */
  readonly pullHoldFilterCharsMax: number;
  /** Messages in one batch; a larger batch is refused, since it is stored in one turn. Default: 16,384. */
  readonly batchCountMax: number;
  /** Delayed messages of one level that are read and stored again at a time. Default: 256. */
  readonly deliveryBatchMax: number;
  /** Bytes of such a batch; a single larger message is taken alone. Default: 4 MiB. */
  readonly deliveryBatchBytesMax: number;
  /** Half messages between the oldest undecided one and the newest; beyond it new ones are refused. Default: 16,777,216. */
  readonly halfWindowMax: number;
  /** Undecided half messages that were checked at least once; beyond it new ones are refused. Default: 1,000,000. */
  readonly checkedHalfMax: number;
  /** Bytes of the half messages that a round of checks reads at a time; a single larger one is taken alone. Default: 4 MiB. */
  readonly checkPageBytesMax: number;
  /** Bytes that wait to be read by a producer; beyond it it is not asked about transactions until it has read them. Default: 4 MiB. */
  readonly checkQueuedBytesMax: number;
  /** Bytes of all replies that are being handed to their requesters; beyond it further ones are refused. Default: 256 MiB. */
  readonly replyBytesMax: number;
  /** Bytes that wait to be read by one requester; a reply beyond it fails, so that the requester is not cut off. Default: 8 MiB. */
  readonly replyQueuedBytesMax: number;
  /** Queries for messages by key that are worked on at a time; beyond it they are refused. Default: 16. */
  readonly queryInFlightMax: number;
}

export const defaultMessageLimits: MessageLimits = {
  pullHoldPerConnectionMax: 10_000,
  pullHoldMax: 100_000,
  pullHoldFilterCharsMax: 2_097_152,
  batchCountMax: 16_384,
  deliveryBatchMax: 256,
  deliveryBatchBytesMax: 4_194_304,
  halfWindowMax: 16_777_216,
  checkedHalfMax: 1_000_000,
  checkPageBytesMax: 4_194_304,
  checkQueuedBytesMax: 4_194_304,
  replyBytesMax: 268_435_456,
  replyQueuedBytesMax: 8_388_608,
  queryInFlightMax: 16,
};
