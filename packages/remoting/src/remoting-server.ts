import type { Lifecycle } from '@orbitmq/core/kernel';
import type { FrameSource, RemotingCommand } from '@orbitmq/protocol';

/** The server's view of one client connection. */
export interface ServerConnection {
  /** Unique among the connections of its server. */
  readonly id: number;
  /** `ip:port` of the client. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly isOpen: boolean;
  /** Bytes of answers that the client has not taken yet. Absent: not known. */
  readonly queuedBytes?: number;
  /**
   * The client does not keep up with its answers, and what can wait should: more than 1 MiB is queued, or more than 128 KiB while
   * all clients together have more than 256 MiB. Absent: not known.
   */
  readonly isBehind?: boolean;
  /**
   * Queues an answer; all answers of a turn leave in one write. Dropped silently when the connection is gone or the
   * request was one-way (`answer` is then not called for). Releases the request's place among the in-flight ones.
   */
  respond(request: RemotingCommand, response: RemotingCommand): void;
  /** The same for an answer that writes its own frame. */
  respondFrame(request: RemotingCommand, response: FrameSource): void;
  /** Asks the client; settles within `timeoutMs` whatever it does. */
  invoke(request: RemotingCommand, options: { readonly timeoutMs: number }): Promise<RemotingCommand>;
  /** Tells the client; lost when the connection is gone. */
  notify(request: RemotingCommand): void;
  /** Called once when the connection is gone; at once when it already is. Returns a function that removes the listener. */
  onClose(listener: () => void): () => void;
  close(): void;
}

/**
 * Answers requests of some codes. It must call `connection.respond` exactly once for a two-way request, now or later; what
 * it throws (or rejects with) becomes a SYSTEM_ERROR answer, `ProtocolError` included, and the connection lives on.
 * An `InvariantError` is not caught.
 */
export interface RequestProcessor {
  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void>;
}

export interface RemotingServer extends Lifecycle {
  /** The bound port, after `start()`. */
  readonly port: number;
  /** Before `start()`. */
  registerProcessor(codes: readonly number[], processor: RequestProcessor): void;
  readonly connectionCount: number;
  /**
   * Before `stop()`, to send clients elsewhere (RocketMQ: enableShutdownGracefully): from now on two-way requests of senders later than
   * 5.3.1 are answered with GO_AWAY. Older ones, which do not know it, and one-way requests, which nobody would repeat, are served on.
   */
  sendAway(): void;
}
