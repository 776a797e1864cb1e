import { decodeRecord, type MessageExt, RecordAt, readInt64, verifyRecord } from '@orbitmq/protocol';
import type { LogReader } from '../commit-log/log-reader.js';
import { isPlausibleRecord, recordHeadBytes } from '../commit-log/plausible-record.js';

/** One read that holds most records whole. */
const firstReadBytes = 8192;

/** The message at a physical offset (Java: DefaultMessageStore.lookMessageByOffset); undefined when none begins there. */
export async function lookMessage(log: LogReader, physicalOffset: number): Promise<MessageExt | undefined> {
  const record = await readRecord(log, physicalOffset);
  return record === undefined ? undefined : decodeRecord(record);
}

/**
 * The record at a physical offset, byte for byte; undefined when none begins there. Any number may be asked for, so the bytes
 * must prove it: lengths, CRC, and the offset that the record itself names.
 */
export async function readRecord(log: LogReader, physicalOffset: number): Promise<Buffer | undefined> {
  if (!Number.isSafeInteger(physicalOffset) || physicalOffset < 0) return undefined;
  let bytes = await log.read(physicalOffset, firstReadBytes);
  let check = verifyRecord(bytes, 0);
  if (check.status === 'cut') {
    if (check.neededBytes <= bytes.length) return undefined;
    if (bytes.length < recordHeadBytes || !isPlausibleRecord(bytes, 0, check.neededBytes, physicalOffset)) return undefined;
    bytes = await log.read(physicalOffset, check.neededBytes);
    check = verifyRecord(bytes, 0);
  }
  if (check.status !== 'valid') return undefined;
  return readInt64(bytes, RecordAt.PHYSICAL_OFFSET) === physicalOffset ? bytes.subarray(0, check.sizeBytes) : undefined;
}
