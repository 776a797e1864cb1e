import { inspect } from 'node:util';
import type { Clock } from './clock.js';
import type { LogFields, Logger, LogLevel } from './logger.js';

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface LineLoggerOptions {
  readonly clock: Clock;
  /** Less important records are dropped. */
  readonly level: LogLevel;
  /** Gets one line without a line end; an error's stack makes more of them. */
  readonly write: (line: string) => void;
  readonly fields?: LogFields;
}

/** A logger for people: `time level message name=value …`. */
export function createLineLogger(options: LineLoggerOptions): Logger {
  const log = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    if (ranks[level] < ranks[options.level]) return;
    const time = options.clock.now();
    options.write(
      `${formatTime(time)} ${level.toUpperCase().padEnd(5)} ${message}${formatFields({ ...options.fields, ...fields })}`,
    );
  };
  return {
    debug: (message, fields) => log('debug', message, fields),
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
    child: (fields) => createLineLogger({ ...options, fields: { ...options.fields, ...fields } }),
  };
}

function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function formatFields(fields: LogFields): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    parts.push(` ${name}=${value instanceof Error ? formatError(value) : formatValue(value)}`);
  }
  return parts.join('');
}

function formatError(error: Error): string {
  return inspect(error, { depth: 3, breakLength: Number.POSITIVE_INFINITY });
}

function formatValue(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return inspect(value, { depth: 3, breakLength: Number.POSITIVE_INFINITY });
}
