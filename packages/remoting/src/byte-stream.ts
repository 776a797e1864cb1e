/**
 * One full-duplex connection as remoting sees it: a socket, a TLS socket, or an in-process pair. Every implementation has
 * the semantics of a TCP socket: bytes arrive in order or the stream closes; nothing arrives in the turn it was written;
 * after `onClose` no other handler is called.
 */
export interface ByteStream {
  /** `ip:port` of the other end. */
  readonly remoteAddress: string;
  /** `ip:port` of this end. */
  readonly localAddress: string;
  /** Called once, in the turn in which the stream was handed out; bytes are held until then. */
  attach(handlers: ByteStreamHandlers): void;
  /** Writes the chunks in order as one operation. They stay unchanged from now on. Returns false while more than the high-water mark waits. */
  write(chunks: readonly Buffer[]): boolean;
  /** True: what was written and is not pending any more was copied, so its chunks are the writer's again. Default: a reader may hold them. */
  readonly copiesWrites?: boolean;
  /** Bytes accepted by `write` that the other side's kernel (or reader) has not taken yet. */
  readonly pendingWriteBytes: number;
  /** Stops reading; the writer on the other side will feel it. */
  pause(): void;
  resume(): void;
  /** Sends what is pending, then closes. */
  end(): void;
  /** Closes at once; pending bytes are lost. */
  destroy(): void;
}

export interface ByteStreamHandlers {
  /** `chunk` is not reused by the stream; views of it may be kept. */
  onData(chunk: Buffer): void;
  /** Pending bytes fell below the mark after `write` returned false. */
  onDrain(): void;
  /** Called exactly once, whatever the reason. */
  onClose(error: Error | undefined): void;
}

export interface DialOptions {
  /** Default: 3000 (RocketMQ: connectTimeoutMillis). */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Opens connections. `address` is `host:port`, split at the last colon. Rejects with a `TransportError` `CONNECT_FAILED`. */
export interface Dialer {
  dial(address: string, options: DialOptions): Promise<ByteStream>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
}

export interface BoundListener {
  /** The address that was bound. */
  readonly host: string;
  readonly port: number;
  /** Accepts no more; open connections live on. */
  close(): Promise<void>;
}

/** Accepts connections. Rejects with a `TransportError` `ADDRESS_IN_USE` or `LISTEN_FAILED`. */
export interface Listener {
  listen(options: ListenOptions, onConnection: (stream: ByteStream) => void): Promise<BoundListener>;
}

/** A network: real sockets (`tcpNetwork`), or one inside the process (`InProcessNetwork`). */
export interface Network extends Dialer, Listener {}
