/** What an application takes from its process when nobody says otherwise; the only file that looks there. */
import type { Environment } from '../kernel/environment.js';
import { createLineLogger } from '../kernel/line-logger.js';
import type { Logger, LogLevel } from '../kernel/logger.js';
import { systemClock, systemEnvironment } from '../kernel/system.js';

/** The environment variable `MQ_URL`; an empty one counts as absent. */
export function urlOfProcess(): string | undefined {
  const url = process.env['MQ_URL'];
  return url === undefined || url.trim() === '' ? undefined : url;
}

/** Logs to the standard error stream, from `level` on (default: `warn`). */
export function stderrLogger(level: LogLevel = 'warn'): Logger {
  return createLineLogger({ clock: systemClock, level, write: (line) => process.stderr.write(`${line}\n`) });
}

/** The real clock, timers and entropy, with `logger` or warnings and errors on the standard error stream. */
export function environmentOfProcess(logger: Logger | undefined): Environment {
  return systemEnvironment(logger ?? stderrLogger());
}
