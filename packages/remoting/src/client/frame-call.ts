import { isMqError, TransportError } from '@orbitmq/core/kernel';
import type { FrameWriter, RemotingCommand } from '@orbitmq/protocol';
import { Call } from '../connection/call.js';
import type { DeadlineQueue } from '../connection/deadline-queue.js';
import type { RemotingCall } from '../remoting-client.js';

/** A call that writes its own frame: one object per request on the hot path, and no promise. */
export class FrameCall extends Call {
  readonly code = undefined;
  readonly isOneway = false;
  readonly #call: RemotingCall;

  constructor(call: RemotingCall, timeoutMs: number, deadlines: DeadlineQueue, nowMs: number) {
    super(timeoutMs, deadlines, nowMs);
    this.#call = call;
  }

  write(writer: FrameWriter): void {
    this.#call.opaque = this.opaque;
    this.#call.writeFrame(writer);
  }

  protected onSuccess(response: RemotingCommand | undefined): void {
    if (response !== undefined) this.#call.onResponse(response);
  }

  protected onFailure(error: unknown): void {
    this.#call.onFailure(asTransportError(error));
  }
}

/** Everything that is no failure of the network happened before anything was sent. */
export function asTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = isMqError(error) ? error.code : 'CONNECTION_CLOSED';
  return new TransportError(code, message, { outcome: 'not-sent', retryable: false, cause: error });
}
