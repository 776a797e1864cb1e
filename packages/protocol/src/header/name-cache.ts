/** Longer names are made anew: real topics and groups are shorter. */
const cachedBytesMax = 128;

/**
 * Text for the bytes of names that come with every message (topics, groups, brokers), without making a new string each time.
 * Direct-mapped: two names that meet in one place take turns, so memory is bounded by the number of places. What it returns
 * depends on the bytes alone; sharing one between connections is therefore invisible.
 */
export class NameCache {
  readonly #names: string[];
  readonly #mask: number;

  /** `places`: a power of two. */
  constructor(places: number) {
    this.#names = Array.from({ length: places }, () => '');
    this.#mask = places - 1;
  }

  text(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return '';
    if (length > cachedBytesMax) return bytes.toString('utf8', start, end);
    const place = this.placeOf(bytes, start, end);
    const known = this.#names[place] as string;
    if (known.length === length && sameText(known, bytes, start)) return known;
    // Names are ASCII by the rules; whatever else a peer sends is not worth a place.
    if (!isAscii(bytes, start, end)) return bytes.toString('utf8', start, end);
    const name = bytes.toString('latin1', start, end);
    this.#names[place] = name;
    return name;
  }

  /** Names of one kind mostly differ at their end; the length, the first and the middle byte tell the kinds apart. */
  placeOf(bytes: Buffer, start: number, end: number): number {
    const middle = bytes[(start + end) >> 1] as number;
    let hash = Math.imul(end - start, 31) + (bytes[start] as number);
    hash = Math.imul(hash, 31) + middle;
    for (let at = Math.max(start, end - 5); at < end; at++) hash = Math.imul(hash, 31) + (bytes[at] as number);
    return (hash ^ (hash >>> 12)) & this.#mask;
  }
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if ((bytes[at] as number) > 0x7f) return false;
  }
  return true;
}

function sameText(text: string, bytes: Buffer, start: number): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}

/** Enough for the topics, groups and brokers of a large broker; at most about 600 KiB when all places hold long names. */
const namePlaces = 4096;

/** The one cache of the process: a memo of a pure function, not state. */
export const sharedNames = new NameCache(namePlaces);
