/**
 * Real sockets: the only file of the product that touches `node:net`. TCP_NODELAY is on and keep-alive off, as in RocketMQ;
 * dead peers are found by deadlines and the idle limit.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Logger, silentLogger } from '@orbitmq/core/kernel';
import type { BoundListener, ByteStream, ByteStreamHandlers, DialOptions, ListenOptions, Network } from '../byte-stream.js';
import { formatAddress, isPort, splitAddress } from './address.js';
import { addressInUse, connectFailed, listenFailed, notAPort } from './network-errors.js';

/** Above this many unsent bytes `write` returns false (Netty: WriteBufferWaterMark, 64 KiB). */
const highWaterBytes = 64 * 1024;

/** Connections that the kernel keeps until they are accepted: a restart brings all clients at once. */
const acceptBacklog = 1024;

class TcpStream implements ByteStream {
  readonly copiesWrites = true;
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly #socket: Socket;
  #handlers: ByteStreamHandlers | undefined;
  #error: Error | undefined;
  #isClosed = false;
  #owesDrain = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remoteAddress = formatAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    this.localAddress = formatAddress(socket.localAddress ?? '', socket.localPort ?? 0);
    // From the first moment: an 'error' event without a listener ends the process.
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#handlers?.onClose(this.#error);
    });
  }

  attach(handlers: ByteStreamHandlers): void {
    this.#handlers = handlers;
    if (this.#isClosed) {
      queueMicrotask(() => {
        handlers.onClose(this.#error);
      });
      return;
    }
    this.#socket.on('data', (chunk) => {
      // After `destroy` what was read before may still come.
      if (!this.#socket.destroyed) handlers.onData(chunk);
    });
    this.#socket.on('drain', () => {
      if (!this.#owesDrain) return;
      this.#owesDrain = false;
      handlers.onDrain();
    });
  }

  write(chunks: readonly Buffer[]): boolean {
    const socket = this.#socket;
    if (!socket.writable) return false;
    const first = chunks[0];
    if (chunks.length === 1 && first !== undefined) {
      socket.write(first);
    } else {
      socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      socket.uncork();
    }
    if (socket.writableLength <= highWaterBytes) return true;
    this.#owesDrain = true;
    return false;
  }

  get pendingWriteBytes(): number {
    return this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

function dialSocket(address: string, options: DialOptions): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const target = splitAddress(address);
    if (target === undefined) {
      reject(connectFailed(address, 'an address has the form host:port'));
      return;
    }
    const { signal } = options;
    if (signal?.aborted === true) {
      reject(connectFailed(address, 'it was cancelled', signal.reason));
      return;
    }
    const socket = connect({ host: target.host, port: target.port, noDelay: true });
    const release = (): void => {
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      socket.removeListener('error', onError);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (reason: string, cause?: unknown): void => {
      release();
      // A failing socket may report a second error while it is taken down.
      socket.on('error', () => undefined);
      socket.destroy();
      reject(connectFailed(address, reason, cause));
    };
    const onError = (error: Error): void => {
      fail(reasonOf(error), error);
    };
    const onAbort = (): void => {
      fail('it was cancelled', signal?.reason);
    };
    socket.on('error', onError);
    // The time limit of a socket counts while it connects too; it needs no timer of ours.
    socket.setTimeout(Math.max(1, Math.ceil(options.timeoutMs)), () => {
      fail(`no answer within ${options.timeoutMs} ms`);
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      const stream = new TcpStream(socket);
      release();
      resolve(stream);
    });
  });
}

/** An `AggregateError` of several addresses of one name has no message of its own. */
function reasonOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? first.message : error.message;
}

function listenErrorOf(error: NodeJS.ErrnoException, options: ListenOptions): Error {
  if (error.code === 'EADDRINUSE') return addressInUse(options.host, options.port, error);
  if (error.code === 'EACCES') {
    return listenFailed(options.host, options.port, 'this user may not listen there (ports below 1024 need a privilege)', error);
  }
  if (error.code === 'EADDRNOTAVAIL') {
    return listenFailed(options.host, options.port, 'this machine has no such address', error);
  }
  return listenFailed(options.host, options.port, error.message, error);
}

function boundListener(server: Server, requestedHost: string): BoundListener {
  const bound = server.address();
  const address = typeof bound === 'object' && bound !== null ? bound : { address: requestedHost, port: 0 };
  return {
    host: address.address,
    port: address.port,
    close: () => {
      // The port is free when this returns; the callback of `close` would wait for the open connections.
      server.close();
      return Promise.resolve();
    },
  };
}

function listenSocket(
  options: ListenOptions,
  onConnection: (stream: ByteStream) => void,
  logger: Logger,
): Promise<BoundListener> {
  return new Promise((resolve, reject) => {
    if (!isPort(options.port)) {
      reject(notAPort(options.host, options.port));
      return;
    }
    const server = createServer({ noDelay: true }, (socket) => {
      if (socket.remoteAddress === undefined) {
        // Gone again before it was accepted.
        socket.on('error', () => undefined);
        socket.destroy();
        return;
      }
      onConnection(new TcpStream(socket));
    });
    const onListenError = (error: NodeJS.ErrnoException): void => {
      reject(listenErrorOf(error, options));
    };
    server.once('error', onListenError);
    server.listen({ host: options.host, port: options.port, backlog: acceptBacklog }, () => {
      server.removeListener('error', onListenError);
      // For example EMFILE: this connection is lost, later ones may be accepted again.
      server.on('error', (error) => {
        logger.error('a connection could not be accepted', { host: options.host, port: options.port, error });
      });
      resolve(boundListener(server, options.host));
    });
  });
}

/** The network of the operating system. `logger` hears of connections that could not be accepted; default: silence. */
export function tcpNetwork(options: { readonly logger?: Logger | undefined } = {}): Network {
  const logger = options.logger ?? silentLogger;
  return {
    dial: dialSocket,
    listen: (listenOptions, onConnection) => listenSocket(listenOptions, onConnection, logger),
  };
}
