import type { FrameWriter, RemotingCommand } from '@orbitmq/protocol';
import { type DeadlineQueue, Expiring } from './deadline-queue.js';

/** Where a call waits: for a connection, or for its answer. */
export interface CallOwner {
  /** The call has settled: forget it. */
  release(call: Call): void;
  /** The deadline has passed: what the caller is told. */
  timeoutError(call: Call): Error;
}

/**
 * A request on its way, and its own entry in every queue it waits in. Settles exactly once; from then on no queue knows it
 * any more.
 */
export abstract class Call extends Expiring {
  /** Request code, for messages to people; undefined when only the frame's own writer knows it. */
  abstract readonly code: number | undefined;
  abstract readonly isOneway: boolean;
  readonly timeoutMs: number;
  owner: CallOwner | undefined;
  /** Set when it is written. */
  opaque = 0;
  /** The connection's count of writes when it was encoded: sent when that count is larger. */
  encodedAtFlush = 0;
  /** The connection's count of received chunks then: nothing has come since when that count is the same. */
  encodedAtReceive = 0;
  readonly #deadlines: DeadlineQueue;
  #isSettled = false;

  constructor(timeoutMs: number, deadlines: DeadlineQueue, nowMs: number) {
    super();
    this.timeoutMs = timeoutMs;
    this.#deadlines = deadlines;
    deadlines.add(this, nowMs + timeoutMs);
  }

  /** Encodes the request under `opaque`. */
  abstract write(writer: FrameWriter): void;
  /** `response`: undefined for a one-way request that was handed over. */
  protected abstract onSuccess(response: RemotingCommand | undefined): void;
  protected abstract onFailure(error: unknown): void;

  succeed(response: RemotingCommand | undefined): void {
    if (this.#settle()) this.onSuccess(response);
  }

  fail(error: unknown): void {
    if (this.#settle()) this.onFailure(error);
  }

  expire(): void {
    if (this.owner !== undefined) this.fail(this.owner.timeoutError(this));
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#deadlines.remove(this);
    this.owner?.release(this);
    this.owner = undefined;
    return true;
  }
}
