/**
 * One connection, seen from either end: frames, the requests of the other end, and the calls of this one. The protocol is
 * symmetric (page 01 §7): both sides may ask, so client and server share this class and differ in who begins and in what
 * answers. Invariant: `onClose` listeners are called exactly once, and then no request is in flight and no call waits.
 */
import { type Clock, InvariantError, type Logger, ProtocolError, type TransportError } from '@orbitmq/core/kernel';
import { createResponse, type FrameSource, isOneway, isResponse, type RemotingCommand } from '@orbitmq/protocol';
import type { ByteStream } from '../byte-stream.js';
import type { ServerConnection } from '../remoting-server.js';
import type { Call } from './call.js';
import { connectionClosed, tooManyRequests } from './call-errors.js';
import { CommandCall } from './command-call.js';
import type { ConnectionLimits } from './connection-limits.js';
import type { DeadlineQueue } from './deadline-queue.js';
import { FrameChannel, type FrameChannelEvents } from './frame-channel.js';
import { InboundRequests } from './inbound-requests.js';
import { Liveness } from './liveness.js';
import { PendingCalls } from './pending-calls.js';
import { stopping, systemError } from './refusals.js';
import type { RequestObserver, RequestResult } from './request-observer.js';
import type { TurnFlusher } from './turn-flusher.js';
import type { UnreadBytes } from './unread-bytes.js';
import type { WaitingOptions, WaitingRefusal, WaitingRule } from './waiting-requests.js';

/** What all connections of a client or server share. */
export interface ConnectionContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: ConnectionLimits;
  readonly flusher: TurnFlusher;
  readonly deadlines: DeadlineQueue;
  /** Absent: requests wait for their turn for as long as it takes. */
  readonly refuseWaiting?: WaitingRule | undefined;
  readonly observer?: RequestObserver | undefined;
  /** Absent: each connection is bounded for itself alone. */
  readonly unread?: UnreadBytes | undefined;
}

/** Works on a request of the other end; ends in `respond` for a two-way one. May throw or reject. */
export type RequestHandler = (request: RemotingCommand, connection: PeerConnection) => void | Promise<void>;

type CallResolve = (response: RemotingCommand | undefined) => void;

/** A farewell that is not returned within this time is not waited for, milliseconds. */
const endTimeoutMs = 5000;

export class PeerConnection implements ServerConnection {
  readonly id: number;
  /** As it was dialled; for a server, `ip:port` of the client. */
  readonly peerAddress: string;
  readonly #context: ConnectionContext;
  readonly #channel: FrameChannel;
  readonly #inbound: InboundRequests;
  readonly #calls: PendingCalls;
  readonly #liveness: Liveness;
  readonly #handler: RequestHandler;
  #closeListeners: (() => void)[] = [];
  #isDraining = false;
  #isClosed = false;
  #endedAtMs: number | undefined;

  constructor(id: number, stream: ByteStream, peerAddress: string, context: ConnectionContext, handler: RequestHandler) {
    this.id = id;
    this.peerAddress = peerAddress;
    this.#context = context;
    this.#handler = handler;
    const events: FrameChannelEvents = {
      onCommand: (command) => {
        this.#receive(command);
      },
      onWritable: () => {
        this.#inbound.proceed();
      },
      onClose: (error) => {
        this.#onClosed(error);
      },
    };
    this.#channel = new FrameChannel(stream, context, events);
    this.#liveness = new Liveness(this.#channel, context.limits, context.clock.monotonic());
    const begin = (request: RemotingCommand): void => this.#process(request);
    this.#inbound = new InboundRequests(this.#channel, context.limits, begin, this.#waitingOptions());
    this.#calls = new PendingCalls(this.#channel, peerAddress, (call) => {
      this.#onCallTimeout(call);
    });
  }

  get remoteAddress(): string {
    return this.#channel.remoteAddress;
  }

  get localAddress(): string {
    return this.#channel.localAddress;
  }

  get isOpen(): boolean {
    return this.#channel.isOpen;
  }

  get queuedBytes(): number {
    return this.#channel.queuedBytes;
  }

  get isBehind(): boolean {
    const { limits, unread } = this.#context;
    return this.#channel.queuedBytes > (unread?.isTooMuch === true ? limits.crowdedHighWaterBytes : limits.writeHighWaterBytes);
  }

  get inFlightCount(): number {
    return this.#inbound.inFlightCount;
  }

  get pendingCallCount(): number {
    return this.#calls.size;
  }

  /** Begins to read; in the turn in which the stream was handed out. */
  attach(): void {
    this.#channel.attach();
  }

  respond(request: RemotingCommand, response: RemotingCommand): void {
    this.#respond(request, response, 'success');
  }

  #respond(request: RemotingCommand, response: RemotingCommand, result: RequestResult): void {
    if (isOneway(request) || !this.#inbound.release(request)) return;
    this.#context.observer?.ended(request, response.code, result);
    const { writer } = this.#channel;
    const sizeBytes = writer.sizeBytes;
    response.opaque = request.opaque;
    try {
      writer.writeCommand(response);
    } catch (error) {
      this.#replaceAnswer(request, sizeBytes, error);
    }
    this.#channel.markDirty();
  }

  respondFrame(request: RemotingCommand, response: FrameSource): void {
    if (isOneway(request) || !this.#inbound.release(request)) return;
    this.#context.observer?.ended(request, response.code ?? 0, 'success');
    const { writer } = this.#channel;
    const sizeBytes = writer.sizeBytes;
    try {
      response.writeFrame(writer);
    } catch (error) {
      this.#replaceAnswer(request, sizeBytes, error);
    }
    this.#channel.markDirty();
  }

  invoke(request: RemotingCommand, options: { readonly timeoutMs: number }): Promise<RemotingCommand> {
    return new Promise((resolve, reject) => {
      const { deadlines, clock } = this.#context;
      this.send(new CommandCall(request, options, deadlines, clock.monotonic(), resolve as CallResolve, reject));
    });
  }

  notify(request: RemotingCommand): void {
    if (!this.isOpen) return;
    request.opaque = this.#calls.nextOpaque();
    this.#channel.writer.writeCommand(request);
    this.#channel.markDirty();
  }

  /** Sends a call, or fails it when it is beyond a limit or the connection is gone. Takes over its deadline. */
  send(call: Call): void {
    const { writer } = this.#channel;
    const sizeBytes = writer.sizeBytes;
    const refusal = this.#refusalOf(call);
    if (refusal !== undefined) {
      call.fail(refusal);
      return;
    }
    const { isOneway: isOnewayCall } = call;
    if (isOnewayCall) call.opaque = this.#calls.nextOpaque();
    else this.#calls.add(call);
    try {
      call.write(writer);
    } catch (error) {
      call.fail(error);
      this.#checkWriter(sizeBytes, error);
      return;
    }
    this.#channel.markDirty();
    if (isOnewayCall) call.succeed(undefined);
  }

  onClose(listener: () => void): () => void {
    if (this.#isClosed) {
      listener();
      return () => undefined;
    }
    this.#closeListeners.push(listener);
    return () => {
      const at = this.#closeListeners.indexOf(listener);
      if (at >= 0) this.#closeListeners = this.#closeListeners.toSpliced(at, 1);
    };
  }

  /** Refuses new requests; resolves when none is in flight in either direction, or the connection is gone. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.#inbound.inFlightCount === 0 && this.#calls.size === 0) resolve();
      };
      this.#inbound.onRelease = check;
      this.#calls.onRelease = check;
      this.#isDraining = true;
      for (const request of this.#inbound.close()) this.#refuse(request);
      this.#channel.resume();
      check();
    });
  }

  /** Sends what was answered so far, then closes. */
  close(): void {
    if (!this.#channel.isOpen) return;
    this.#endedAtMs = this.#context.clock.monotonic();
    this.#channel.end();
  }

  destroy(): void {
    this.#channel.destroy();
  }

  /** Closes the connection when nothing has passed for too long, or a frame does not come to its end. Called every `sweepPeriodMs`. */
  sweep(nowMs: number): void {
    const channel = this.#channel;
    if (this.#endedAtMs !== undefined) {
      if (nowMs - this.#endedAtMs >= endTimeoutMs) channel.destroy();
      return;
    }
    if (!channel.isActive) channel.writer.release();
    channel.measure();
    const verdict = this.#liveness.judge(nowMs, this.#calls.size > 0);
    if (verdict === 'idle') {
      this.#context.logger.debug('connection closed: idle', { remoteAddress: this.remoteAddress });
      this.close();
    } else if (verdict === 'frame-stuck') {
      this.#context.logger.warn('connection closed: a frame was begun and not completed', {
        remoteAddress: this.remoteAddress,
        receivedBytes: channel.partialFrameBytes,
      });
      channel.destroy();
    }
  }

  #waitingOptions(): WaitingOptions | undefined {
    const { clock, deadlines, refuseWaiting } = this.#context;
    if (refuseWaiting === undefined) return undefined;
    return { clock, deadlines, rule: refuseWaiting, refuse: (request, refusal) => this.#refuseWaiting(request, refusal) };
  }

  #receive(command: RemotingCommand): void {
    if (isResponse(command)) {
      // An answer that comes after its deadline has nobody to go to.
      this.#calls.settle(command);
      return;
    }
    if (this.#isDraining) this.#refuse(command);
    else this.#inbound.accept(command);
  }

  #process(request: RemotingCommand): void {
    this.#context.observer?.begun(request);
    try {
      const processing = this.#handler(request, this);
      if (processing === undefined) {
        this.#finishOneway(request, 'oneway');
        return;
      }
      processing.then(
        () => {
          this.#finishOneway(request, 'oneway');
        },
        (error: unknown) => {
          if (error instanceof InvariantError) throwOutside(error);
          else this.#answerFailure(request, error);
        },
      );
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      this.#answerFailure(request, error);
    }
  }

  #finishOneway(request: RemotingCommand, result: RequestResult): void {
    if (!isOneway(request)) return;
    if (this.#inbound.release(request)) this.#context.observer?.ended(request, 0, result);
    if (this.#channel.isPaused) this.#channel.markDirty();
  }

  #answerFailure(request: RemotingCommand, error: unknown): void {
    const fields = { remoteAddress: this.remoteAddress, requestCode: request.code, error };
    if (error instanceof ProtocolError) this.#context.logger.debug('request refused', fields);
    else this.#context.logger.error('request failed', fields);
    if (isOneway(request)) this.#finishOneway(request, 'failed');
    else this.#respond(request, systemError(request, error), 'failed');
  }

  #refuse(request: RemotingCommand): void {
    if (isOneway(request) || !this.isOpen) return;
    this.#channel.writer.writeCommand(stopping(request));
    this.#channel.markDirty();
  }

  /** Of a one-way request nobody hears. */
  #refuseWaiting(request: RemotingCommand, { code, remark }: WaitingRefusal): void {
    if (this.isOpen && !isOneway(request)) {
      this.#channel.writer.writeCommand(createResponse(request, code, { remark }));
    }
    // Its place may be all that the connection has waited for.
    this.#channel.markDirty();
  }

  /** An answer that could not be encoded (too large, for example) still is an answer. */
  #replaceAnswer(request: RemotingCommand, sizeBytes: number, error: unknown): void {
    if (!this.#checkWriter(sizeBytes, error)) return;
    this.#context.logger.error('answer could not be encoded', { requestCode: request.code, error });
    this.#channel.writer.writeCommand(systemError(request, error));
  }

  /** False when part of a frame was written: nothing that follows could be understood. */
  #checkWriter(sizeBytes: number, error: unknown): boolean {
    if (error instanceof InvariantError) throw error;
    if (this.#channel.writer.sizeBytes === sizeBytes) return true;
    this.#channel.destroy();
    return false;
  }

  #refusalOf(call: Call): TransportError | undefined {
    const { limits } = this.#context;
    if (!this.isOpen) return connectionClosed(this.peerAddress, call.code, 'not-sent', undefined);
    if (this.#calls.size >= limits.callsMax) {
      return tooManyRequests(this.peerAddress, 'that many wait for an answer', limits.callsMax);
    }
    if (this.#channel.queuedBytes >= limits.writeBufferBytesMax) {
      return tooManyRequests(this.peerAddress, 'that many bytes wait to be sent', limits.writeBufferBytesMax);
    }
    return undefined;
  }

  /** A peer that vanished without a word is found by its silence; the next call then dials anew instead of waiting too. */
  #onCallTimeout(call: Call): void {
    if (!this.#liveness.isSilent(call)) return;
    this.#context.logger.warn('connection closed: the other end is silent', { address: this.peerAddress });
    this.#channel.destroy();
  }

  #onClosed(error: Error | undefined): void {
    this.#isClosed = true;
    this.#inbound.clear();
    this.#calls.failAll(error);
    const listeners = this.#closeListeners;
    this.#closeListeners = [];
    for (const listener of listeners) listener();
  }
}

/** Out of every promise: a broken invariant ends the process. */
function throwOutside(error: InvariantError): void {
  queueMicrotask(() => {
    throw error;
  });
}
