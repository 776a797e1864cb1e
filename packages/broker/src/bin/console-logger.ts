import { isMqError, type LogFields, type Logger, type LogLevel } from '@orbitmq/core/kernel';

/** Writes records as lines to standard error; standard output is left to what the commands answer. */
export function consoleLogger(write: (line: string) => void, now: () => string, base: LogFields = {}): Logger {
  const log = (level: LogLevel, message: string, fields: LogFields | undefined): void => {
    const pairs = Object.entries({ ...base, ...fields }).map(([key, value]) => ` ${key}=${textOf(value)}`);
    write(`${now()} ${level.toUpperCase()} ${message}${pairs.join('')}\n`);
  };
  return {
    debug: () => undefined,
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
    child: (fields) => consoleLogger(write, now, { ...base, ...fields }),
  };
}

function textOf(value: unknown): string {
  // An expected failure is told in its own words; anything else is a defect, whose place is needed.
  if (isMqError(value)) return JSON.stringify(`${value.code}: ${value.message}`);
  if (value instanceof Error) return value.stack ?? value.message;
  return typeof value === 'string' && /^\S*$/.test(value) ? value : JSON.stringify(value);
}
