import { Histogram } from './histogram.js';
import { type MessageType, messageTypeNames } from './message-type.js';

const kib = 1024;
/** Classes of messages' sizes, in bytes (page 34 §3.2). */
const messageSizeBounds = [kib, 4 * kib, 512 * kib, kib * kib, 2 * kib * kib, 4 * kib * kib] as const;

/** What came into a topic, by the type of its messages: only counted where somebody exports it. */
export class MessageInflow {
  /** By type. */
  readonly messages = new Float64Array(messageTypeNames.length);
  readonly bytes = new Float64Array(messageTypeNames.length);
  /** By type; a batch counts once, with the mean size of its messages, as at Apache. */
  readonly sizes: readonly Histogram[] = messageTypeNames.map(() => new Histogram(messageSizeBounds));

  add(type: MessageType, messageCount: number, sizeBytes: number): void {
    this.messages[type] = (this.messages[type] as number) + messageCount;
    this.bytes[type] = (this.bytes[type] as number) + sizeBytes;
    this.sizes[type]?.add(messageCount === 1 ? sizeBytes : Math.floor(sizeBytes / messageCount));
  }
}
