import type { Lifecycle, MqError } from '@orbitmq/core/kernel';
import type { FrameSource, RemotingCommand } from '@orbitmq/protocol';

export interface InvokeOptions {
  /** Connecting, sending and waiting together, milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A two-way request that writes its own frame and takes its answer without a promise: the hot path of sends. It is the
 * entry of the table of pending requests itself. `writeFrame` is called at most once, when the frame goes to the
 * connection, with `opaque` set; it must not throw.
 */
export interface RemotingCall extends FrameSource {
  /** Assigned by the client before `writeFrame`. */
  opaque: number;
  /** The answer, whatever its code. */
  onResponse(response: RemotingCommand): void;
  /** No answer within the time, or the connection failed; says whether the peer may have executed the request. */
  onFailure(error: MqError): void;
}

/** Answers what a server asks. Returns the response for a two-way request, nothing for a one-way one. */
export type ClientRequestHandler = (
  request: RemotingCommand,
  address: string,
) => RemotingCommand | undefined | Promise<RemotingCommand | undefined>;

/** Calls servers; one connection per address, opened when needed, closed when idle for 120 s. */
export interface RemotingClient extends Lifecycle {
  /**
   * Sends a request and resolves with the answer, whatever its code. Rejects with a `TransportError` (`CONNECT_FAILED`,
   * `CONNECTION_CLOSED`, `REQUEST_TIMEOUT`, `TOO_MANY_REQUESTS`) that says whether the peer may have executed it, or with
   * the signal's reason. Always settles within `timeoutMs`.
   */
  invoke(address: string, request: RemotingCommand, options: InvokeOptions): Promise<RemotingCommand>;
  /** Resolves when the request was handed to the connection. */
  invokeOneway(address: string, request: RemotingCommand, options: InvokeOptions): Promise<void>;
  /**
   * `invoke` without a promise, a command or an options object per request. Exactly one of `call.onResponse` and
   * `call.onFailure` is called, within `timeoutMs`. Calls to one address are written in the order they are made, also
   * while the connection is being opened. `onFailure` may be called before this returns.
   */
  invokeFrame(address: string, call: RemotingCall, timeoutMs: number): void;
  /** Before `start()`. */
  registerHandler(code: number, handler: ClientRequestHandler): void;
  /** Called when a connection is gone. */
  onConnectionClose(listener: (address: string) => void): void;
}
