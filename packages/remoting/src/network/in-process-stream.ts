import type { Timers } from '@orbitmq/core/kernel';
import type { ByteStream, ByteStreamHandlers } from '../byte-stream.js';
import { InProcessPipe, type PipeReader, type PipeWriter } from './in-process-pipe.js';

export interface InProcessStreamOptions {
  readonly timers: Timers;
  /** Above this many bytes that the other end has not taken, `write` returns false. */
  readonly highWaterBytes: number;
}

/** One end of an in-process connection; behaves like a socket without half-open mode: when one end ends, so does the other. */
class InProcessStream implements ByteStream, PipeReader, PipeWriter {
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly #options: InProcessStreamOptions;
  readonly #incoming: InProcessPipe;
  readonly #outgoing: InProcessPipe;
  #peer: InProcessStream | undefined;
  #handlers: ByteStreamHandlers | undefined;
  #isPaused = false;
  #isEnding = false;
  #hasReadEnd = false;
  #isDestroyed = false;
  #isClosed = false;
  #owesDrain = false;

  constructor(
    localAddress: string,
    remoteAddress: string,
    incoming: InProcessPipe,
    outgoing: InProcessPipe,
    options: InProcessStreamOptions,
  ) {
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#options = options;
  }

  connect(peer: InProcessStream): void {
    this.#peer = peer;
    this.#outgoing.connect(this, peer);
  }

  attach(handlers: ByteStreamHandlers): void {
    this.#handlers = handlers;
    if (this.#isClosed) {
      queueMicrotask(() => {
        handlers.onClose(undefined);
      });
      return;
    }
    this.#incoming.schedule();
  }

  write(chunks: readonly Buffer[]): boolean {
    if (this.#isDestroyed || this.#isEnding) return false;
    this.#outgoing.write(chunks);
    if (this.#outgoing.pendingBytes <= this.#options.highWaterBytes) return true;
    this.#owesDrain = true;
    return false;
  }

  get pendingWriteBytes(): number {
    return this.#outgoing.pendingBytes;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#incoming.schedule();
  }

  end(): void {
    if (this.#isDestroyed || this.#isEnding) return;
    this.#isEnding = true;
    this.#outgoing.end();
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#incoming.cut();
    this.#outgoing.cut();
    this.#options.timers.setImmediate(() => {
      this.#close();
      this.#peer?.destroy();
    });
  }

  get isReading(): boolean {
    return this.#handlers !== undefined && !this.#isPaused && !this.#isDestroyed;
  }

  onChunk(chunk: Buffer): void {
    this.#handlers?.onData(chunk);
  }

  onEnd(): void {
    this.#hasReadEnd = true;
    this.end();
    this.#closeWhenDone();
  }

  onTaken(): void {
    if (this.#isDestroyed) return;
    if (this.#owesDrain && this.#outgoing.pendingBytes <= this.#options.highWaterBytes) {
      this.#owesDrain = false;
      this.#handlers?.onDrain();
    }
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (!this.#hasReadEnd || !this.#outgoing.isEndTaken || this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handlers?.onClose(undefined);
  }
}

/** Both ends of a new connection. */
export function createStreamPair(
  clientAddress: string,
  serverAddress: string,
  options: InProcessStreamOptions,
): { readonly client: ByteStream; readonly server: ByteStream } {
  const toServer = new InProcessPipe(options.timers);
  const toClient = new InProcessPipe(options.timers);
  const client = new InProcessStream(clientAddress, serverAddress, toClient, toServer, options);
  const server = new InProcessStream(serverAddress, clientAddress, toServer, toClient, options);
  client.connect(server);
  server.connect(client);
  return { client, server };
}
