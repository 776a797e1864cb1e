/**
 * Which files a family of equal-sized files has (Java: MappedFileQueue): the commit log's, or one queue's. Invariants: they
 * follow one another without a gap, and each one has its full size from its creation. Holds no open file.
 */
import { invariant } from '@orbitmq/core/kernel';
import { joinPath } from '../io/paths.js';
import { segmentName } from './segment-name.js';

export class SegmentList {
  readonly directory: string;
  /** Of each file. */
  readonly sizeBytes: number;
  #firstOffset = 0;
  #count = 0;

  constructor(directory: string, sizeBytes: number) {
    this.directory = directory;
    this.sizeBytes = sizeBytes;
  }

  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Start of the oldest file; 0 when there is none. */
  get firstOffset(): number {
    return this.#firstOffset;
  }

  /** End of the newest file; 0 when there is none. */
  get endOffset(): number {
    return this.#firstOffset + this.#count * this.sizeBytes;
  }

  has(offset: number): boolean {
    return this.#count > 0 && offset >= this.#firstOffset && offset < this.endOffset;
  }

  /** Start of the file that holds `offset`, whether it is there or not. */
  startOf(offset: number): number {
    const origin = this.#count === 0 ? 0 : this.#firstOffset;
    return origin + Math.floor((offset - origin) / this.sizeBytes) * this.sizeBytes;
  }

  pathOf(startOffset: number): string {
    return joinPath(this.directory, segmentName(startOffset));
  }

  starts(): readonly number[] {
    return Array.from({ length: this.#count }, (_, index) => this.#firstOffset + index * this.sizeBytes);
  }

  /** Adds the file behind the newest one, or the first one. */
  add(startOffset: number): void {
    if (this.#count === 0) this.#firstOffset = startOffset;
    invariant(startOffset === this.endOffset, 'files of one family follow one another');
    this.#count += 1;
  }

  /** Forgets the oldest file, which is not the newest. */
  removeFirst(): void {
    invariant(this.#count > 1, 'a family keeps its newest file');
    this.#firstOffset += this.sizeBytes;
    this.#count -= 1;
  }

  /** Forgets all files: the family begins anew, wherever. */
  clear(): void {
    this.#count = 0;
    this.#firstOffset = 0;
  }

  /** Forgets the files that begin at or behind `offset`; returns their starts. */
  removeFrom(offset: number): readonly number[] {
    const removed = this.starts().filter((start) => start >= offset);
    this.#count -= removed.length;
    if (this.#count === 0) this.#firstOffset = 0;
    return removed;
  }
}
