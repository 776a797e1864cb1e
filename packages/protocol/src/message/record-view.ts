import { ProtocolError } from '@orbitmq/core/kernel';
import { sharedNames } from '../header/name-cache.js';
import { decodeHost } from './host.js';
import { readInt64 } from './int64.js';
import type { MessageExt } from './message-ext.js';
import { offsetMessageIdOf } from './offset-message-id.js';
import { decodeProperties } from './properties.js';
import { RecordAt, type RecordSpans, spansOfRecord } from './record-layout.js';

/**
 * A stored message that stays in the bytes it came in: its fields are read when they are asked for. A consumer holds thousands
 * of messages and looks at few of their fields, so this costs it a fraction of `decodeRecord`. Everything is checked when the
 * view is made; no getter throws.
 */
export class RecordView implements MessageExt {
  readonly queueOffset: number;
  readonly #bytes: Buffer;
  readonly #at: number;
  readonly #spans: RecordSpans;

  /** Of `viewRecord` alone: `spans` were found in `bytes`. */
  constructor(bytes: Buffer, at: number, spans: RecordSpans) {
    this.#bytes = bytes;
    this.#at = at;
    this.#spans = spans;
    this.queueOffset = readInt64(bytes, at + RecordAt.QUEUE_OFFSET);
  }

  get storeSizeBytes(): number {
    return this.#spans.sizeBytes;
  }

  get bodyCrc(): number {
    return this.#bytes.readInt32BE(this.#at + RecordAt.BODY_CRC);
  }

  get topic(): string {
    return sharedNames.text(this.#bytes, this.#spans.topicStart, this.#spans.topicEnd);
  }

  get queueId(): number {
    return this.#bytes.readInt32BE(this.#at + RecordAt.QUEUE_ID);
  }

  get flag(): number {
    return this.#bytes.readInt32BE(this.#at + RecordAt.FLAG);
  }

  get physicalOffset(): number {
    return readInt64(this.#bytes, this.#at + RecordAt.PHYSICAL_OFFSET);
  }

  get sysFlag(): number {
    return this.#bytes.readInt32BE(this.#at + RecordAt.SYS_FLAG);
  }

  get bornTimestamp(): number {
    return readInt64(this.#bytes, this.#at + RecordAt.BORN_TIMESTAMP);
  }

  get bornHost(): string {
    return decodeHost(this.#bytes.subarray(this.#at + RecordAt.BORN_HOST, this.#spans.storeTimestampAt));
  }

  get storeTimestamp(): number {
    return readInt64(this.#bytes, this.#spans.storeTimestampAt);
  }

  get storeHost(): string {
    return decodeHost(this.#bytes.subarray(this.#spans.storeTimestampAt + 8, this.#spans.storeHostEnd));
  }

  get reconsumeTimes(): number {
    return this.#bytes.readInt32BE(this.#spans.storeHostEnd);
  }

  get preparedTransactionOffset(): number {
    return readInt64(this.#bytes, this.#spans.storeHostEnd + 4);
  }

  get body(): Buffer {
    return this.#bytes.subarray(this.#spans.bodyStart, this.#spans.bodyEnd);
  }

  get propertiesBytes(): Buffer {
    return this.#bytes.subarray(this.#spans.propertiesStart, this.#at + this.#spans.sizeBytes);
  }

  /** The properties, read anew at each call. */
  decodeProperties(): Record<string, string> {
    return decodeProperties(this.#bytes, this.#spans.propertiesStart, this.#at + this.#spans.sizeBytes);
  }

  /** The id that says where it is stored (page 03 §5). */
  get offsetMessageId(): string {
    const { storeTimestampAt, storeHostEnd } = this.#spans;
    return offsetMessageIdOf(this.#bytes, storeTimestampAt + 8, storeHostEnd, this.physicalOffset);
  }
}

function hasSafeNumbers(view: RecordView): boolean {
  return (
    Number.isSafeInteger(view.queueOffset) &&
    Number.isSafeInteger(view.physicalOffset) &&
    Number.isSafeInteger(view.bornTimestamp) &&
    Number.isSafeInteger(view.storeTimestamp) &&
    Number.isSafeInteger(view.preparedTransactionOffset)
  );
}

/** The V1 or V2 record at `at`. Throws a `ProtocolError` `RECORD_INVALID` for what `decodeRecord` does not read either. */
export function viewRecord(bytes: Buffer, at: number): RecordView {
  const spans = spansOfRecord(bytes, at, bytes.length);
  const view = typeof spans === 'string' ? undefined : new RecordView(bytes, at, spans);
  if (view !== undefined && hasSafeNumbers(view)) return view;
  const reason = typeof spans === 'string' ? spans : 'a 64-bit number is beyond 2^53';
  throw new ProtocolError('RECORD_INVALID', `the record at byte ${at} is invalid: ${reason}`, { details: { at, reason } });
}
