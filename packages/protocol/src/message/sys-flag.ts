/** Bits of a message's sysFlag (Java: MessageSysFlag; page 03 §4). */
export const SysFlag = {
  COMPRESSED: 0x001,
  TRANSACTION_MASK: 0x00c,
  TRANSACTION_NOT: 0x000,
  TRANSACTION_PREPARED: 0x004,
  TRANSACTION_COMMIT: 0x008,
  TRANSACTION_ROLLBACK: 0x00c,
  BORN_HOST_V6: 0x010,
  STORE_HOST_V6: 0x020,
  NEED_UNWRAP: 0x040,
  INNER_BATCH: 0x080,
  COMPRESSION_TYPE_MASK: 0x700,
  COMPRESSION_LZ4: 0x100,
  COMPRESSION_ZSTD: 0x200,
  COMPRESSION_ZLIB: 0x300,
} as const;

export function transactionType(sysFlag: number): number {
  return sysFlag & SysFlag.TRANSACTION_MASK;
}
