/** Magic words of the commit log's records (page 08). */
export const messageMagicV1 = -626843481;
export const messageMagicV2 = -626843477;
export const blankMagic = -875286124;

/**
 * One stored message (Java: MessageExt), decoded from the layout that the commit log, pull bodies and checks share.
 * `body` and `propertiesBytes` are views of the input.
 */
export interface MessageExt {
  /** Size of the whole record in bytes. */
  readonly storeSizeBytes: number;
  readonly bodyCrc: number;
  readonly topic: string;
  readonly queueId: number;
  readonly flag: number;
  readonly queueOffset: number;
  readonly physicalOffset: number;
  readonly sysFlag: number;
  /** Milliseconds since the epoch, producer's clock. */
  readonly bornTimestamp: number;
  /** `ip:port` */
  readonly bornHost: string;
  /** Milliseconds since the epoch, broker's clock. */
  readonly storeTimestamp: number;
  /** `ip:port` */
  readonly storeHost: string;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  /** As stored: compressed when `sysFlag` says so. */
  readonly body: Buffer;
  /** `name 0x01 value 0x02 …`, UTF-8. */
  readonly propertiesBytes: Buffer;
}
