import { MqError } from '../kernel/errors.js';

/**
 * Why a handler's signal was aborted.
 * - `timeout`: the handler ran for longer than `consumeTimeoutMs`
 * - `stopped`: the application is stopping and the drain deadline has passed
 * - `lock-lost`: another process holds the lock of the queue now (orderly consumption)
 * - `rebalanced`: the queue belongs to another process now
 * - `cancelled`: an operator cancelled it
 */
export type AbortKind = 'timeout' | 'stopped' | 'lock-lost' | 'rebalanced' | 'cancelled';

const sentences: Readonly<Record<AbortKind, string>> = {
  timeout: 'the handler ran for longer than consumeTimeoutMs',
  stopped: 'the application was stopped',
  'lock-lost': 'another process holds the lock of this queue now',
  rebalanced: 'this queue belongs to another process now',
  cancelled: 'the handler was cancelled',
};

/** The `reason` of `ConsumeContext.signal`. Transports abort with `new AbortReason(kind)` and nothing else. */
export class AbortReason extends MqError {
  override readonly name = 'AbortReason';
  readonly kind: AbortKind;

  constructor(kind: AbortKind) {
    super('ABORTED', sentences[kind], { retryable: true, details: { kind } });
    this.kind = kind;
  }
}

/** An `AbortSignal` whose reason is known to be an `AbortReason`. */
export interface ConsumeSignal extends AbortSignal {
  readonly reason: AbortReason | undefined;
}
