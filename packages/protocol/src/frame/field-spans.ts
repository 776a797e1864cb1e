import { ProtocolError } from '@orbitmq/core/kernel';

/**
 * Extended fields of one header. Those of Apache's requests have some twenty, and a hook of a user's adds a few; to build an object of
 * many thousand keeps everybody waiting.
 */
export const extFieldsMax = 4096;

/** More fields than any hot request carries, ACL's and namespace's included. */
const spannedFieldsMax = 32;
/** Words of one field: name start, name end, value start, value end, traits. */
export const wordsPerField = 5;

/**
 * Where the extended fields of the header that was checked last stand. Checking a header passes over its fields anyway; a
 * request that is handled at once (every hot one) is then read from these positions without a second pass. A header is known
 * by its scan number: whoever finds another one's here scans again. Fields without a value are not in it.
 */
export class FieldSpans {
  /** The fields of the latest scan, one behind the other. */
  readonly words = new Int32Array(spannedFieldsMax * wordsPerField);
  #scan = 0;
  #count = 0;
  #emptyCount = 0;

  /** Starts over; returns the number of this scan. */
  begin(): number {
    this.#count = 0;
    this.#emptyCount = 0;
    return ++this.#scan;
  }

  add(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number, traits: number): void {
    const at = this.#count * wordsPerField;
    this.#count++;
    if (this.#count > spannedFieldsMax) {
      this.#checkCount();
      return;
    }
    const { words } = this;
    words[at] = nameStart;
    words[at + 1] = nameEnd;
    words[at + 2] = valueStart;
    words[at + 3] = valueEnd;
    words[at + 4] = traits;
  }

  /** A field without a value. */
  addEmpty(): void {
    this.#emptyCount += 1;
    this.#checkCount();
  }

  #checkCount(): void {
    if (this.#count + this.#emptyCount <= extFieldsMax) return;
    throw new ProtocolError('HEADER_INVALID', `the header has more than ${extFieldsMax} fields`);
  }

  /** How many fields the header of that scan has; -1 when this is another one's or they are too many. */
  countOf(scan: number): number {
    return scan === this.#scan && this.#count <= spannedFieldsMax ? this.#count : -1;
  }
}

/** Traits of a field: its name, its value is a JSON string with escapes. */
export const FieldTrait = { NAME_ESCAPED: 1, VALUE_ESCAPED: 2 } as const;

/** The one of the process: it holds no state that outlives the handling of a header. */
export const latestFieldSpans = new FieldSpans();
