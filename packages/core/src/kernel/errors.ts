/**
 * The one error family of OrbitMQ. Every error a caller can meet is an `MqError` with a `code` of `MqErrorCode`;
 * `docs/errors.md` explains each code. The brand is a registered symbol, so two installed copies of this package
 * recognise each other's errors.
 */
const brand = Symbol.for('orbitmq.MqError');

export type MqErrorCode =
  // configuration and wiring
  | 'CONFIG_INVALID'
  | 'WIRING_INVALID'
  | 'URL_SCHEME_UNKNOWN'
  | 'URL_INVALID'
  // arguments of a call
  | 'TOPIC_INVALID'
  | 'GROUP_INVALID'
  | 'MESSAGE_INVALID'
  | 'MESSAGE_TOO_LARGE'
  | 'PAYLOAD_INVALID'
  | 'EXPRESSION_INVALID'
  | 'ARGUMENT_INVALID'
  // state of a component
  | 'NOT_STARTED'
  | 'STOPPED'
  | 'ALREADY_STARTED'
  | 'ABORTED'
  // a feature that this transport or peer lacks
  | 'FEATURE_UNSUPPORTED'
  // network
  | 'CONNECT_FAILED'
  | 'CONNECTION_CLOSED'
  | 'REQUEST_TIMEOUT'
  | 'TOO_MANY_REQUESTS'
  | 'ADDRESS_IN_USE'
  | 'LISTEN_FAILED'
  // bytes that break the protocol
  | 'FRAME_INVALID'
  | 'FRAME_TOO_LARGE'
  | 'HEADER_INVALID'
  | 'BODY_INVALID'
  | 'RECORD_INVALID'
  | 'COMPRESSION_UNSUPPORTED'
  // routing
  | 'ROUTE_NOT_FOUND'
  | 'NO_WRITABLE_QUEUE'
  | 'BROKER_NOT_FOUND'
  // the broker's refusal
  | 'BROKER_REFUSED'
  // sends
  | 'SEND_OUTCOME_UNKNOWN'
  | 'SEND_WEAKER_DURABILITY'
  // store
  | 'STORE_LOCKED'
  | 'STORE_UNWRITABLE'
  | 'STORE_FORMAT_UNSUPPORTED'
  | 'STORE_CORRUPT'
  | 'STORE_IO_FAILED'
  // transactions
  | 'TRANSACTION_INVALID';

export interface MqErrorOptions {
  /** Whether the same call may succeed when it is repeated unchanged. Default: false. */
  readonly retryable?: boolean;
  /** Machine-readable facts about the failure. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class MqError extends Error {
  override readonly name: string = 'MqError';
  readonly code: MqErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: MqErrorCode, message: string, options: MqErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== MqError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return isMqError(value);
  }
}

/** True for an error of this family, also one made by another installed copy of the package. */
export function isMqError(value: unknown): value is MqError {
  return typeof value === 'object' && value !== null && brand in value;
}

/** A configuration value, URL, or the wiring of the application is wrong; nothing was started. */
export class ConfigError extends MqError {
  override readonly name: string = 'ConfigError';
}

/** An argument of a call is wrong; nothing was sent or stored. */
export class ValidationError extends MqError {
  override readonly name: string = 'ValidationError';
}

/** The component is not in a state that allows the call. */
export class StateError extends MqError {
  override readonly name: string = 'StateError';
}

/** The transport or the peer does not have the feature asked for. */
export class UnsupportedFeatureError extends MqError {
  override readonly name: string = 'UnsupportedFeatureError';
}

/** The network failed. `outcome: 'unknown'` means that the request may have been executed by the peer. */
export class TransportError extends MqError {
  override readonly name: string = 'TransportError';
  readonly outcome: 'not-sent' | 'unknown';

  constructor(code: MqErrorCode, message: string, options: MqErrorOptions & { readonly outcome: 'not-sent' | 'unknown' }) {
    super(code, message, { retryable: true, ...options });
    this.outcome = options.outcome;
  }
}

/** Bytes that break the wire protocol or a file format. */
export class ProtocolError extends MqError {
  override readonly name: string = 'ProtocolError';
}

/** No route to the topic or broker. */
export class RouteError extends MqError {
  override readonly name: string = 'RouteError';
}

/** A broker or NameServer answered with a code other than success. */
export class BrokerError extends MqError {
  override readonly name: string = 'BrokerError';
  /** RocketMQ ResponseCode. */
  readonly responseCode: number;
  /** The peer's own words. */
  readonly remark: string;
  /** `host:port` of the peer. */
  readonly brokerAddr: string;

  constructor(
    message: string,
    options: MqErrorOptions & { readonly responseCode: number; readonly remark: string; readonly brokerAddr: string },
  ) {
    super('BROKER_REFUSED', message, options);
    this.responseCode = options.responseCode;
    this.remark = options.remark;
    this.brokerAddr = options.brokerAddr;
  }
}

/** The store on disk cannot be opened, or failed. */
export class StoreError extends MqError {
  override readonly name: string = 'StoreError';
}

/** A transactional send or its listener is used wrongly. */
export class TransactionError extends MqError {
  override readonly name: string = 'TransactionError';
}
