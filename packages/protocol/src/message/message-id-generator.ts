import { type Clock, invariant, type Random } from '@orbitmq/core/kernel';

/** Makes the UNIQ_KEY of messages. */
export interface MessageIdGenerator {
  next(): string;
}

export interface MessageIdOptions {
  /** 4 or 16 bytes. */
  readonly ip: Buffer;
  readonly processId: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Two upper-case digits each of 0..255. */
const hexPairs: readonly string[] = Array.from({ length: 256 }, (_, value) => value.toString(16).toUpperCase().padStart(2, '0'));

function byteHex(byte: number): string {
  return hexPairs[byte & 0xff] as string;
}

function upperHex(bytes: Iterable<number>): string {
  return Array.from(bytes, byteHex).join('');
}

const counterValues = 0x10000;

/** The local start of the month of `timestamp`: Java's tools take the time out of an id relative to it. */
function monthStart(timestamp: number, monthsLater = 0): number {
  const date = new Date(timestamp);
  return new Date(date.getFullYear(), date.getMonth() + monthsLater, 1).getTime();
}

/**
 * Ids as Java's MessageClientIDSetter makes them (page 03 §5): address, process id, 4 bytes that tell two generators of one
 * process apart (random here), milliseconds since the local start of the month, counter. Within one month the time part
 * never goes back and moves on when a millisecond's counter values are used up, so one generator never repeats itself.
 */
class ClientMessageIds implements MessageIdGenerator {
  readonly #clock: Clock;
  readonly #prefix: string;
  #monthStart = 0;
  #nextMonthStart = 0;
  #elapsedMs = 0;
  /** All of an id up to its counter; the same for all ids of a millisecond. */
  #beforeCounter = '';
  #counter: number;
  #countInMs = 0;

  constructor(options: MessageIdOptions) {
    invariant(options.ip.length === 4 || options.ip.length === 16, 'an IP address has 4 or 16 bytes');
    this.#clock = options.clock;
    const processId = options.processId & 0xffff;
    this.#prefix = upperHex(options.ip) + upperHex([processId >> 8, processId & 0xff]) + upperHex(options.random.bytes(4));
    this.#counter = options.random.int(counterValues);
    this.#startMonth(options.clock.now());
  }

  next(): string {
    const now = this.#clock.now();
    if (now >= this.#nextMonthStart) this.#startMonth(now);
    const elapsedMs = now - this.#monthStart;
    if (elapsedMs > this.#elapsedMs) this.#setElapsed(elapsedMs);
    else if (this.#countInMs === counterValues) this.#setElapsed(this.#elapsedMs + 1);
    this.#countInMs++;
    this.#counter = (this.#counter + 1) % counterValues;
    return this.#beforeCounter + byteHex(this.#counter >> 8) + byteHex(this.#counter);
  }

  #startMonth(now: number): void {
    this.#monthStart = monthStart(now);
    this.#nextMonthStart = monthStart(now, 1);
    this.#setElapsed(now - this.#monthStart);
  }

  #setElapsed(elapsedMs: number): void {
    this.#elapsedMs = elapsedMs;
    this.#countInMs = 0;
    const whole = Math.trunc(elapsedMs) >>> 0;
    this.#beforeCounter = this.#prefix + upperHex([whole >>> 24, whole >>> 16, whole >>> 8, whole]);
  }
}

export function createMessageIdGenerator(options: MessageIdOptions): MessageIdGenerator {
  return new ClientMessageIds(options);
}
