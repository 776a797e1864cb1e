/**
 * The hash slots of the index file that is being written, in memory: each names the newest entry of its chain. A file's slots
 * are touched at random, one page per key, so they go to disk together: when the file is full, and when the store stops. In
 * between the entries on disk are enough to make the table again. Memory is taken page by page as slots are used, 20 MB at
 * most with RocketMQ's 5,000,000 slots.
 */
import { crc32 } from 'node:zlib';
import { slotsPerBlock } from './index-checksums.js';
import { indexSlotBytes } from './index-layout.js';

const pageSlots = 1024;
/** About a millisecond of work. */
const blocksPerPause = 64;

/** A run of slots as it is in the file. */
export interface SlotRun {
  readonly firstSlot: number;
  readonly bytes: Buffer;
}

export class SlotTable {
  readonly #slots: Int32Array;
  readonly #dirty: Uint8Array;

  constructor(slotCount: number) {
    this.#slots = new Int32Array(slotCount);
    this.#dirty = new Uint8Array(Math.ceil(slotCount / pageSlots));
  }

  get slotCount(): number {
    return this.#slots.length;
  }

  get(slot: number): number {
    return this.#slots[slot] as number;
  }

  set(slot: number, number: number): void {
    this.#slots[slot] = number;
    this.#dirty[slot >>> 10] = 1;
  }

  /** The pages that are not on file as they are here, neighbours together, in pieces of at most `pagesMax` pages. */
  *dirtyRuns(pagesMax: number): Generator<SlotRun> {
    const dirty = this.#dirty;
    for (let page = 0; page < dirty.length; ) {
      if (dirty[page] === 0) {
        page += 1;
        continue;
      }
      const first = page;
      while (page < dirty.length && page - first < pagesMax && dirty[page] === 1) page += 1;
      yield { firstSlot: first * pageSlots, bytes: this.#encode(first, page) };
      dirty.fill(0, first, page);
    }
  }

  /** Compares with what a file has from `firstSlot` on (whole pages) and keeps in mind only the pages that differ; returns their count. */
  compare(firstSlot: number, bytes: Buffer): number {
    let differentPages = 0;
    for (let at = 0; at < bytes.length; at += pageSlots * indexSlotBytes) {
      const page = (firstSlot + at / indexSlotBytes) / pageSlots;
      const expected = this.#encode(page, page + 1);
      const isEqual = expected.equals(bytes.subarray(at, at + expected.length));
      this.#dirty[page] = isEqual ? 0 : 1;
      if (!isEqual) differentPages += 1;
    }
    return differentPages;
  }

  /** The checksum of each block of slots, as they go to the file. `pause` is awaited from time to time: there may be 20 MB of them. */
  async checksums(pause: () => Promise<void>): Promise<readonly number[]> {
    const crcs: number[] = [];
    const pagesPerBlock = slotsPerBlock / pageSlots;
    for (let page = 0; page < this.#dirty.length; page += pagesPerBlock) {
      if (crcs.length % blocksPerPause === blocksPerPause - 1) await pause();
      crcs.push(crc32(this.#encode(page, page + pagesPerBlock)));
    }
    return crcs;
  }

  #encode(firstPage: number, endPage: number): Buffer {
    const slots = this.#slots.slice(firstPage * pageSlots, endPage * pageSlots);
    return Buffer.from(slots.buffer).swap32();
  }
}
