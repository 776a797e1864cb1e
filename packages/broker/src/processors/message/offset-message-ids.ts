const byteTexts = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, '0'));

function byteText(value: number): string {
  return byteTexts[value & 0xff] ?? '';
}

function wordText(word: number): string {
  return byteText(word >>> 24) + byteText(word >>> 16) + byteText(word >>> 8) + byteText(word);
}

/**
 * Offset message ids of one broker (page 03 §5): store host and physical offset in upper-case hex. Clients decode them, so
 * they name the real address and place. Made for every answered send, hence by table and with the unchanged part kept.
 */
export class OffsetMessageIds {
  readonly #host: string;
  #high = 0;
  #prefix: string;

  constructor(storeHost: Buffer) {
    this.#host = storeHost.toString('hex').toUpperCase();
    this.#prefix = this.#host + wordText(0);
  }

  idOf(physicalOffset: number): string {
    const high = Math.floor(physicalOffset / 0x1_0000_0000);
    if (high !== this.#high) {
      this.#high = high;
      this.#prefix = this.#host + wordText(high);
    }
    return this.#prefix + wordText(physicalOffset);
  }
}
