import type { Clock } from './clock.js';
import type { Environment } from './environment.js';
import type { LogFields, Logger, LogLevel } from './logger.js';
import type { Timer, Timers } from './timers.js';

export interface RateLimitedLoggerOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Records of one kind that are written in a period. Default: 10. */
  readonly linesMax?: number | undefined;
  /** Milliseconds. Default: 10000. */
  readonly periodMs?: number | undefined;
  /** Kinds that are told apart; all others share one. Default: 1000. */
  readonly kindsMax?: number | undefined;
}

const linesMaxDefault = 10;
const periodMsDefault = 10_000;
const kindsMaxDefault = 1000;

/**
 * Writes at most so many records of a kind in a period, and then one that says how many were left out: what others do to a
 * server, a connection each, must not fill its disk. A kind is a level with a message; what differs from case to case belongs
 * into the fields. `debug` passes as it is: nobody has it on unless he wants all of it.
 */
export function rateLimitedLogger(logger: Logger, options: RateLimitedLoggerOptions): Logger {
  return withKinds(logger, new Kinds(logger, options));
}

/** The environment of a server: what strangers make it log is limited. */
export function withLimitedLogger(environment: Environment): Environment {
  return { ...environment, logger: rateLimitedLogger(environment.logger, environment) };
}

function withKinds(logger: Logger, kinds: Kinds): Logger {
  const log =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void => {
      if (kinds.takes(level, message)) logger[level](message, fields);
    };
  return {
    debug: (message, fields) => logger.debug(message, fields),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: (fields) => withKinds(logger.child(fields), kinds),
  };
}

interface Kind {
  startMs: number;
  lines: number;
  suppressed: number;
  timer: Timer | undefined;
}

class Kinds {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #linesMax: number;
  readonly #periodMs: number;
  readonly #kindsMax: number;
  readonly #kinds = new Map<string, Kind>();

  constructor(logger: Logger, options: RateLimitedLoggerOptions) {
    this.#logger = logger;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#linesMax = options.linesMax ?? linesMaxDefault;
    this.#periodMs = options.periodMs ?? periodMsDefault;
    this.#kindsMax = options.kindsMax ?? kindsMaxDefault;
  }

  takes(level: LogLevel, message: string): boolean {
    const isShared = this.#kinds.size >= this.#kindsMax && !this.#kinds.has(`${level} ${message}`);
    const name = isShared ? 'records of other kinds' : message;
    const kind = this.#kind(`${level} ${name}`);
    const nowMs = this.#clock.monotonic();
    if (nowMs - kind.startMs >= this.#periodMs) {
      kind.startMs = nowMs;
      kind.lines = 0;
    }
    kind.lines += 1;
    if (kind.lines <= this.#linesMax) return true;
    kind.suppressed += 1;
    kind.timer ??= this.#timers.setTimeout(() => this.#tell(level, name, kind), this.#periodMs).unref();
    return false;
  }

  #kind(key: string): Kind {
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      kind = { startMs: this.#clock.monotonic(), lines: 0, suppressed: 0, timer: undefined };
      this.#kinds.set(key, kind);
    }
    return kind;
  }

  #tell(level: LogLevel, name: string, kind: Kind): void {
    const { suppressed } = kind;
    kind.suppressed = 0;
    kind.timer = undefined;
    this.#logger[level](name, { suppressed, periodMs: this.#periodMs });
  }
}
