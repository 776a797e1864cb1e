import { ConfigError } from './errors.js';
import type { LogFields, Logger } from './logger.js';

/** A logger without `child`, as `console` is one. */
export type PlainLogger = Omit<Logger, 'child'>;

const methods = ['debug', 'info', 'warn', 'error'] as const;

/** The logger with `child`, made from the other methods when it has none. Throws a `ConfigError` when one of these is missing. */
export function completeLogger(logger: PlainLogger | Logger): Logger {
  const missing = methods.filter((name) => typeof (logger[name] as unknown) !== 'function');
  if (missing.length > 0) {
    const message = `The option logger is no logger: it lacks ${missing.join(', ')}. Give it ${methods.join(', ')} (message, fields), as console has them`;
    throw new ConfigError('CONFIG_INVALID', message, { details: { missing } });
  }
  return 'child' in logger && typeof (logger.child as unknown) === 'function' ? logger : withChild(logger, {});
}

function withChild(logger: PlainLogger, own: LogFields): Logger {
  return {
    debug: (message, fields) => logger.debug(message, { ...own, ...fields }),
    info: (message, fields) => logger.info(message, { ...own, ...fields }),
    warn: (message, fields) => logger.warn(message, { ...own, ...fields }),
    error: (message, fields) => logger.error(message, { ...own, ...fields }),
    child: (fields) => withChild(logger, { ...own, ...fields }),
  };
}
