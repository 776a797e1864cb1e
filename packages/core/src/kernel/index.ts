export type { Clock } from './clock.js';
export { completeLogger, type PlainLogger } from './complete-logger.js';
export type { Environment } from './environment.js';
export {
  BrokerError,
  ConfigError,
  isMqError,
  MqError,
  type MqErrorCode,
  type MqErrorOptions,
  ProtocolError,
  RouteError,
  StateError,
  StoreError,
  TransactionError,
  TransportError,
  UnsupportedFeatureError,
  ValidationError,
} from './errors.js';
export { InvariantError, invariant } from './invariant.js';
export type { Lifecycle, StopOptions } from './lifecycle.js';
export { createLineLogger, type LineLoggerOptions } from './line-logger.js';
export { type LogFields, type Logger, type LogLevel, silentLogger } from './logger.js';
export type { Random } from './random.js';
export { type RateLimitedLoggerOptions, rateLimitedLogger, withLimitedLogger } from './rate-limited-logger.js';
export { systemClock, systemEnvironment, systemRandom, systemTimers } from './system.js';
export { sleep, type Timer, type Timers } from './timers.js';
