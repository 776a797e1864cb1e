import type { Random } from '@orbitmq/core/kernel';

const uuidVersion4 = 0x40;
const uuidVariant = 0x80;

/** FNV-1a over the UTF-16 units: turns a label into 32 bits. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * `Random` that replays: equal seeds give equal sequences on every machine. The generator is Chris Doty-Humphrey's sfc32
 * (128 bits of state, passes PractRand); not for secrets.
 */
export class SeededRandom implements Random {
  /** Print it when a test fails. */
  readonly seed: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed`: any number; only its integer part modulo 2^53 counts. */
  constructor(seed: number) {
    this.seed = Math.trunc(seed) % Number.MAX_SAFE_INTEGER;
    this.#a = this.seed | 0;
    this.#b = Math.floor(this.seed / 2 ** 32) | 0;
    this.#c = 0;
    // Near seeds must not give near sequences: twelve rounds mix all of the state.
    for (let round = 0; round < 12; round += 1) this.#next32();
  }

  /** A generator of its own for one part of a simulation: what that part draws does not shift the numbers of the others. */
  fork(label: string): SeededRandom {
    return new SeededRandom(hashText(label) * 2 ** 21 + (this.#next32() & 0x1fffff));
  }

  next(): number {
    const high = this.#next32() >>> 5;
    const low = this.#next32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  int(exclusiveMax: number): number {
    return Math.floor(this.next() * exclusiveMax);
  }

  /** True with probability `probability`. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index += 1) bytes[index] = this.#next32() >>> 24;
    return bytes;
  }

  uuid(): string {
    const bytes = this.bytes(16);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | uuidVersion4;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | uuidVariant;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  #next32(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result;
  }
}
