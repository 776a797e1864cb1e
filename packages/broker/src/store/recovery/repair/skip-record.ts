/**
 * What bridges a damaged stretch in the middle of a log file. Apache has a blank record for the end of a file only, so this is
 * an ordinary message of the transaction type "rollback": every broker reads over it, and no queue and no index gets it
 * (page 20 §2.2, §5, §7).
 */
import { encodeRecord, type RecordParts, recordSizeBytes, SysFlag } from '@orbitmq/protocol';

/** A stretch is bridged by several records when it is longer. */
const skipBytesMax = 1_048_576;
const longTopic = Buffer.from('ORBITMQ_LOST');
const shortTopic = Buffer.from('L');
const noHost = Buffer.alloc(8);

function partsOf(topicBytes: Buffer, bodyBytes: number): RecordParts {
  return {
    topicBytes,
    queueId: 0,
    flag: 0,
    sysFlag: SysFlag.TRANSACTION_ROLLBACK,
    bornTimestamp: 0,
    bornHost: noHost,
    storeHost: noHost,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.alloc(bodyBytes),
    properties: Buffer.alloc(0),
  };
}

/** A shorter stretch cannot be bridged. Every record with a topic is at least as long. */
export const skipBytesMin = recordSizeBytes(partsOf(shortTopic, 0));

export interface SkipRecord {
  readonly physicalOffset: number;
  readonly bytes: Buffer;
}

/** Records that fill `[from, to)` exactly, one by one. `bodyBytesMax`: of the broker's configuration. */
export function* skipRecords(from: number, to: number, storeTimestamp: number, bodyBytesMax: number): Generator<SkipRecord> {
  const pieceBytes = Math.max(2 * skipBytesMin, Math.min(skipBytesMax, bodyBytesMax));
  const count = Math.ceil((to - from) / pieceBytes);
  for (let index = 0; index < count; index += 1) {
    const start = from + Math.floor(((to - from) * index) / count);
    const end = from + Math.floor(((to - from) * (index + 1)) / count);
    const topicBytes = end - start >= recordSizeBytes(partsOf(longTopic, 0)) ? longTopic : shortTopic;
    const parts = partsOf(topicBytes, end - start - recordSizeBytes(partsOf(topicBytes, 0)));
    const bytes = Buffer.alloc(end - start);
    encodeRecord(bytes, 0, parts, { queueOffset: 0, physicalOffset: start, storeTimestamp });
    yield { physicalOffset: start, bytes };
  }
}
