import type { Clock, Timer, Timers } from '@orbitmq/core/kernel';
import type { ByteStream, ByteStreamHandlers } from '@orbitmq/remoting';

/** What a connection knows of the network it runs over. */
export interface Link {
  readonly clock: Clock;
  readonly timers: Timers;
  /** True while nothing passes from one host to the other. */
  isBlocked(fromHost: string, toHost: string): boolean;
  /** How long the next segment travels, milliseconds. */
  latencyMs(): number;
  /** Where to cut a chunk in two, as a network does at its pleasure; undefined: not at all. */
  splitAt(chunk: Buffer): number | undefined;
}

type Segment =
  | { readonly kind: 'bytes'; readonly chunk: Buffer; readonly arrivalMs: number }
  | { readonly kind: 'end' | 'reset'; readonly arrivalMs: number };

/**
 * One direction of a connection. Segments arrive in order, each after its latency. What is sent while the way is blocked is
 * not lost but late, as TCP repeats it; it travels when the way is free again.
 */
class Direction {
  readonly #link: Link;
  readonly #fromHost: string;
  readonly #toHost: string;
  #segments: Segment[] = [];
  #lastArrivalMs = 0;
  #timer: Timer | undefined;
  #isCut = false;
  pendingBytes = 0;
  reader: SimulatedStream | undefined;
  writer: SimulatedStream | undefined;

  constructor(link: Link, fromHost: string, toHost: string) {
    this.#link = link;
    this.#fromHost = fromHost;
    this.#toHost = toHost;
  }

  sendBytes(chunk: Buffer): void {
    const at = this.#link.splitAt(chunk);
    const parts = at === undefined ? [chunk] : [chunk.subarray(0, at), chunk.subarray(at)];
    for (const part of parts) {
      if (part.length === 0) continue;
      this.pendingBytes += part.length;
      this.#push({ kind: 'bytes', chunk: part, arrivalMs: this.#nextArrivalMs() });
    }
  }

  sendEnd(): void {
    this.#push({ kind: 'end', arrivalMs: this.#nextArrivalMs() });
  }

  /** What has not arrived never will; the other end learns of it after the latency. */
  sendReset(): void {
    this.#segments = [];
    this.pendingBytes = 0;
    this.#push({ kind: 'reset', arrivalMs: this.#link.clock.monotonic() + this.#link.latencyMs() });
  }

  /** Nothing passes any more, not even the end. */
  cut(): void {
    this.#isCut = true;
    this.#segments = [];
    this.pendingBytes = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The way is free again, or the reader reads again. */
  proceed(): void {
    const first = this.#segments[0];
    if (first === undefined || this.#timer !== undefined || this.#isCut) return;
    if (this.#link.isBlocked(this.#fromHost, this.#toHost)) return;
    const delayMs = Math.max(first.arrivalMs - this.#link.clock.monotonic(), 0);
    this.#timer = this.#link.timers.setTimeout(() => {
      this.#timer = undefined;
      this.#arrive();
    }, delayMs);
  }

  #nextArrivalMs(): number {
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#link.clock.monotonic() + this.#link.latencyMs());
    return this.#lastArrivalMs;
  }

  #push(segment: Segment): void {
    if (this.#isCut) return;
    this.#segments.push(segment);
    this.proceed();
  }

  #arrive(): void {
    const { reader } = this;
    const nowMs = this.#link.clock.monotonic();
    if (reader === undefined || this.#link.isBlocked(this.#fromHost, this.#toHost)) return;
    const first = this.#segments[0];
    if (first !== undefined && first.arrivalMs <= nowMs) {
      if (first.kind === 'reset') {
        this.#segments = [];
        reader.onReset();
        return;
      }
      if (!reader.isReading) return;
      this.#segments.shift();
      if (first.kind === 'bytes') {
        this.pendingBytes -= first.chunk.length;
        reader.onChunk(first.chunk);
      } else {
        reader.onEnd();
      }
      this.writer?.onTaken(first.kind === 'end');
    }
    this.proceed();
  }
}

const highWaterBytes = 64 * 1024;

/** One end of a simulated connection; a `ByteStream` like the real ones. */
export class SimulatedStream implements ByteStream {
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly #link: Link;
  readonly #incoming: Direction;
  readonly #outgoing: Direction;
  readonly #onGone: () => void;
  #handlers: ByteStreamHandlers | undefined;
  #isPaused = false;
  #isEnding = false;
  #isEndTaken = false;
  #hasReadEnd = false;
  #isDestroyed = false;
  #isClosed = false;
  #owesDrain = false;
  #error: Error | undefined;

  constructor(
    link: Link,
    localAddress: string,
    remoteAddress: string,
    incoming: Direction,
    outgoing: Direction,
    onGone: () => void,
  ) {
    this.#link = link;
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#onGone = onGone;
    incoming.reader = this;
    outgoing.writer = this;
  }

  attach(handlers: ByteStreamHandlers): void {
    this.#handlers = handlers;
    if (this.#isClosed) {
      queueMicrotask(() => {
        handlers.onClose(this.#error);
      });
      return;
    }
    this.#incoming.proceed();
  }

  write(chunks: readonly Buffer[]): boolean {
    if (this.#isDestroyed || this.#isEnding) return false;
    for (const chunk of chunks) this.#outgoing.sendBytes(chunk);
    if (this.#outgoing.pendingBytes <= highWaterBytes) return true;
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
    this.#incoming.proceed();
  }

  end(): void {
    if (this.#isDestroyed || this.#isEnding) return;
    this.#isEnding = true;
    this.#outgoing.sendEnd();
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#outgoing.sendReset();
    this.#link.timers.setImmediate(() => {
      this.#close();
    });
  }

  /** The process at this end is gone: it hears nothing any more. `isSilent`: nor does the other end, as after a power cut. */
  kill(isSilent: boolean): void {
    this.#handlers = undefined;
    this.#isDestroyed = true;
    this.#incoming.cut();
    if (isSilent) this.#outgoing.cut();
    else this.#outgoing.sendReset();
    this.#close();
  }

  /** The connection breaks down: both ends are told, each by its own network. */
  breakDown(): void {
    this.#incoming.cut();
    this.#link.timers.setImmediate(() => {
      this.onReset();
    });
  }

  /** The way to or from here changed. */
  proceed(): void {
    this.#outgoing.proceed();
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

  onReset(): void {
    if (this.#isClosed) return;
    this.#isDestroyed = true;
    this.#outgoing.cut();
    this.#error = new Error('read ECONNRESET');
    this.#close();
  }

  onTaken(isEnd: boolean): void {
    if (isEnd) this.#isEndTaken = true;
    if (this.#isDestroyed) return;
    if (this.#owesDrain && this.#outgoing.pendingBytes <= highWaterBytes) {
      this.#owesDrain = false;
      this.#handlers?.onDrain();
    }
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (!this.#hasReadEnd || !this.#isEndTaken || this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#incoming.cut();
    this.#onGone();
    this.#handlers?.onClose(this.#error);
  }
}

/** Both ends of a new connection; `onGone` is called for each end that has closed. */
export function createSimulatedPair(
  link: Link,
  client: { readonly host: string; readonly address: string },
  server: { readonly host: string; readonly address: string },
  onGone: (stream: SimulatedStream) => void,
): { readonly client: SimulatedStream; readonly server: SimulatedStream } {
  const toServer = new Direction(link, client.host, server.host);
  const toClient = new Direction(link, server.host, client.host);
  const clientEnd: SimulatedStream = new SimulatedStream(link, client.address, server.address, toClient, toServer, () => {
    onGone(clientEnd);
  });
  const serverEnd: SimulatedStream = new SimulatedStream(link, server.address, client.address, toServer, toClient, () => {
    onGone(serverEnd);
  });
  return { client: clientEnd, server: serverEnd };
}
