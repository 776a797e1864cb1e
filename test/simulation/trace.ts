import { createHash } from 'node:crypto';
import type { Clock, LogFields, Logger, LogLevel } from '@orbitmq/core/kernel';

/**
 * Everything that can be observed of a run, in order, as one hash: equal runs have equal digests. With `keepLines` the events
 * are kept as text too, for a look at a run that failed; bytes on the wire count for the digest only.
 */
export class Trace {
  readonly #clock: Clock;
  readonly #hash = createHash('sha256');
  /** Present with `keepLines`. */
  readonly lines: string[] | undefined;
  #eventCount = 0;

  constructor(clock: Clock, options: { readonly keepLines: boolean }) {
    this.#clock = clock;
    this.lines = options.keepLines ? [] : undefined;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  note(source: string, what: string): void {
    const line = `${this.#clock.monotonic().toFixed(3)} ${source} ${what}\n`;
    this.#eventCount += 1;
    this.#hash.update(line);
    this.lines?.push(line);
  }

  bytes(source: string, chunks: readonly Uint8Array[]): void {
    this.#eventCount += 1;
    this.#hash.update(`${this.#clock.monotonic()} ${source}\n`);
    for (const chunk of chunks) this.#hash.update(chunk);
  }

  /** May be asked for at any time; what follows still counts for the next one. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  logger(source: string, fields: LogFields = {}): Logger {
    const log =
      (level: LogLevel) =>
      (message: string, more: LogFields = {}): void => {
        this.note(source, `${level} ${message} ${JSON.stringify({ ...fields, ...more }, plainErrors)}`);
      };
    return {
      debug: log('debug'),
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
      child: (more) => this.logger(source, { ...fields, ...more }),
    };
  }
}

/** An error without its stack, which names places on this machine. */
function plainErrors(_name: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
