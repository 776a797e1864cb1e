import type { LogReader } from '../commit-log/log-reader.js';
import { type LogSpan, spanHas } from '../commit-log/log-span.js';

/** Collects the records of one answer; those that lie side by side in memory become one slice. */
export class SliceJoiner {
  readonly #slices: Buffer[] = [];
  messageCount = 0;
  sizeBytes = 0;

  /** False when the record is neither in memory nor in `spans`. */
  add(log: LogReader, spans: readonly LogSpan[], physicalOffset: number, sizeBytes: number): boolean {
    const bytes = log.inMemory(physicalOffset, sizeBytes) ?? inSpans(spans, physicalOffset, sizeBytes);
    if (bytes === undefined) return false;
    this.messageCount += 1;
    this.sizeBytes += sizeBytes;
    const last = this.#slices[this.#slices.length - 1];
    if (last !== undefined && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
      this.#slices[this.#slices.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
    } else {
      this.#slices.push(bytes);
    }
    return true;
  }

  finish(): readonly Buffer[] {
    return this.#slices;
  }
}

function inSpans(spans: readonly LogSpan[], physicalOffset: number, sizeBytes: number): Buffer | undefined {
  for (const span of spans) {
    if (!spanHas(span, physicalOffset, sizeBytes)) continue;
    const from = physicalOffset - span.physicalStart;
    return span.bytes.subarray(from, from + sizeBytes);
  }
  return undefined;
}
