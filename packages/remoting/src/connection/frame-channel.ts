import { isMqError, type Logger } from '@orbitmq/core/kernel';
import {
  createFrameDecoder,
  createFrameWriter,
  type FrameDecoder,
  type FrameWriter,
  type RemotingCommand,
} from '@orbitmq/protocol';
import type { ByteStream } from '../byte-stream.js';
import type { ConnectionLimits } from './connection-limits.js';
import type { Flushable, TurnFlusher } from './turn-flusher.js';
import type { UnreadBytes } from './unread-bytes.js';

export interface FrameChannelEvents {
  onCommand(command: RemotingCommand): void;
  /** Output was handed over or taken: there may be room for more. */
  onWritable(): void;
  /** Once, after which nothing else is called. */
  onClose(error: Error | undefined): void;
}

export interface FrameChannelDeps {
  readonly limits: ConnectionLimits;
  readonly flusher: TurnFlusher;
  readonly logger: Logger;
  readonly unread?: UnreadBytes | undefined;
}

/**
 * Slices that are a smaller part of their memory than this are copied: they may wait for long in a socket, and keep it alive. The second
 * one counts while more than `backlogBytesMin` wait.
 */
const copiedShareMax = 1 / 64;
const copiedShareMaxBehind = 1 / 8;
const backlogBytesMin = 128 * 1024;

/**
 * So much output does not wait for the end of the turn: the other end can work on it meanwhile. Without this, two busy ends that
 * have much in flight take turns, each idle while the other works.
 */
const earlyWriteBytesMin = 32 * 1024;

/**
 * Frames over a byte stream. Output collects in `writer` and leaves with one write per turn of the event loop, or as soon as
 * there is plenty of it. Bytes that are no frames close the connection, since there is no way to find the next frame behind
 * them (page 01 §1).
 */
export class FrameChannel implements Flushable {
  readonly writer: FrameWriter;
  /** Bytes came or went since this was last set to false; the sweep finds idle connections by it. */
  isActive = true;
  /** Grows with every chunk that comes in. */
  receiveCount = 0;
  /** Grows when something was decoded; the sweep finds stuck frames by it. */
  decodedCount = 0;
  /** Grows with every write. */
  flushCount = 0;
  readonly #stream: ByteStream;
  readonly #decoder: FrameDecoder;
  readonly #flusher: TurnFlusher;
  readonly #events: FrameChannelEvents;
  readonly #logger: Logger;
  readonly #writeBufferBytesMax: number;
  readonly #unread: UnreadBytes | undefined;
  /** As `unread` knows it. */
  #unreadBytes = 0;
  #state: 'open' | 'ending' | 'closed' = 'open';
  #isDirty = false;
  #isPaused = false;
  /** True when an exception comes from whoever was given a command, and says nothing about the bytes. */
  #isHandingOut = false;
  #failure: Error | undefined;

  constructor(stream: ByteStream, deps: FrameChannelDeps, events: FrameChannelEvents) {
    const { flusher, limits, logger, unread } = deps;
    this.#stream = stream;
    this.#unread = unread;
    this.#decoder = createFrameDecoder({
      maxFrameBytes: limits.maxFrameBytes,
      maxHeaderBytes: limits.maxHeaderBytes,
    });
    this.writer = createFrameWriter({ maxFrameBytes: limits.maxFrameBytes });
    this.#flusher = flusher;
    this.#logger = logger;
    this.#events = events;
    this.#writeBufferBytesMax = limits.writeBufferBytesMax;
  }

  get remoteAddress(): string {
    return this.#stream.remoteAddress;
  }

  get localAddress(): string {
    return this.#stream.localAddress;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Collected, or accepted by the stream and not yet taken by the network. */
  get queuedBytes(): number {
    return this.writer.sizeBytes + this.#stream.pendingWriteBytes;
  }

  /** Bytes of a frame whose rest has not come. */
  get partialFrameBytes(): number {
    return this.#decoder.pendingBytes;
  }

  /** Begins to read; in the turn in which the stream was handed out. */
  attach(): void {
    this.#stream.attach({
      onData: this.#onData,
      onDrain: () => {
        this.isActive = true;
        this.#recycle();
        this.measure();
        if (this.#state === 'open') this.#events.onWritable();
      },
      onClose: (error) => {
        this.#state = 'closed';
        this.#setUnread(0);
        this.#events.onClose(this.#failure ?? error);
      },
    });
  }

  /** Something was added to `writer` (or `onWritable` is wanted at the end of the turn). */
  markDirty(): void {
    // What the stream has not passed on yet would wait there as well.
    if (this.writer.sizeBytes >= earlyWriteBytesMin && this.#stream.pendingWriteBytes === 0 && this.#state === 'open')
      this.#write();
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#flusher.add(this);
  }

  flush(): void {
    this.#isDirty = false;
    if (this.#state !== 'open') return;
    if (this.writer.sizeBytes > 0) {
      const unsentBytes = this.#stream.pendingWriteBytes;
      if (unsentBytes > 0 && unsentBytes + this.writer.sizeBytes > this.#writeBufferBytesMax) {
        this.#logger.warn('connection cut: the other end does not read its answers', {
          remoteAddress: this.remoteAddress,
          unsentBytes: unsentBytes + this.writer.sizeBytes,
        });
        this.destroy();
        return;
      }
      this.#write();
    }
    this.#events.onWritable();
  }

  /** Takes notice of what is not read. Called after each write and at each drain; a little may pass without one. */
  measure(): void {
    const { copiesWrites, pendingWriteBytes } = this.#stream;
    // In one process the reader holds the memory in any case.
    if (copiesWrites === true)
      this.writer.copiedShareMax = pendingWriteBytes > backlogBytesMin ? copiedShareMaxBehind : copiedShareMax;
    this.#setUnread(this.#state === 'closed' ? 0 : pendingWriteBytes);
  }

  pause(): void {
    if (this.#isPaused || this.#state !== 'open') return;
    this.#isPaused = true;
    this.#stream.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stream.resume();
  }

  /** Sends what was collected, then closes; what still comes in is ignored. */
  end(): void {
    if (this.#state !== 'open') return;
    if (this.writer.sizeBytes > 0) this.#stream.write(this.writer.take());
    this.#state = 'ending';
    this.#stream.end();
    // The other end's farewell lies behind what it has sent before.
    this.resume();
  }

  destroy(failure?: Error): void {
    if (this.#state === 'closed') return;
    this.#failure ??= failure;
    this.#state = 'closed';
    this.#stream.destroy();
  }

  #write(): void {
    this.isActive = true;
    this.flushCount += 1;
    this.#stream.write(this.writer.take());
    this.#recycle();
    this.measure();
  }

  #setUnread(bytes: number): void {
    if (bytes === this.#unreadBytes) return;
    this.#unread?.change(this.#unreadBytes, bytes);
    this.#unreadBytes = bytes;
  }

  /** What the network has copied can be written over. A stream that passes it on uncopied never says when. */
  #recycle(): void {
    if (this.#stream.copiesWrites !== true) this.writer.release();
    else if (this.#stream.pendingWriteBytes === 0) this.writer.recycle();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#state !== 'open') return;
    this.isActive = true;
    this.receiveCount += 1;
    try {
      this.#decoder.push(chunk, this.#onCommand);
    } catch (error) {
      if (this.#isHandingOut || !isMqError(error)) throw error;
      this.#logger.warn('connection closed: what came in is not the RocketMQ protocol', {
        remoteAddress: this.remoteAddress,
        error,
      });
      this.destroy(error);
    }
  };

  readonly #onCommand = (command: RemotingCommand): void => {
    this.decodedCount += 1;
    // A command before this one may have closed the connection.
    if (this.#state !== 'open') return;
    this.#isHandingOut = true;
    this.#events.onCommand(command);
    this.#isHandingOut = false;
  };
}
