import type { RemotingCommand } from '@orbitmq/protocol';
import type { ConnectionLimits } from './connection-limits.js';
import type { FrameChannel } from './frame-channel.js';
import { RequestTable } from './request-table.js';
import { type WaitingOptions, WaitingRequests } from './waiting-requests.js';

/** Reading goes on when this share of a limit is in use: pausing and resuming at the same mark would cost a system call each. */
const resumeShare = 0.75;

/**
 * The requests of the other end that are being worked on, and the gate before them. A request is begun when it is within
 * every limit; otherwise it waits here and reading pauses, so that at most one chunk of requests waits: the back-pressure
 * reaches the sender through the network. Order of arrival is kept.
 */
export class InboundRequests {
  readonly #channel: FrameChannel;
  readonly #limits: ConnectionLimits;
  readonly #begin: (request: RemotingCommand) => void;
  readonly #inFlight = new RequestTable();
  #inFlightBytes = 0;
  readonly #waiting: WaitingRequests;
  #isClosed = false;
  /** Set while somebody waits for the last request to end. */
  onRelease: (() => void) | undefined;

  /** Without `waiting` requests wait for as long as it takes. */
  constructor(
    channel: FrameChannel,
    limits: ConnectionLimits,
    begin: (request: RemotingCommand) => void,
    waiting: WaitingOptions | undefined,
  ) {
    this.#channel = channel;
    this.#limits = limits;
    this.#begin = begin;
    this.#waiting = new WaitingRequests(waiting);
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  accept(request: RemotingCommand): void {
    if (this.#waiting.size === 0 && this.#hasRoom(1)) {
      this.#start(request);
      return;
    }
    this.#waiting.add(request);
    this.#channel.pause();
  }

  /** The request is done; false when it was so already. Those that wait are begun by the next `proceed`. */
  release(request: RemotingCommand): boolean {
    if (!this.#inFlight.remove(request)) return false;
    this.#inFlightBytes -= request.body?.length ?? 0;
    this.onRelease?.();
    return true;
  }

  /** Begins what waits, as far as the limits allow, and reads on when nothing waits any more. */
  proceed(): void {
    if (!this.#channel.isPaused || this.#isClosed) return;
    this.#waiting.begin(
      () => !this.#isClosed && this.#hasRoom(1),
      (request) => this.#start(request),
    );
    if (this.#waiting.size === 0 && !this.#isClosed && this.#hasRoom(resumeShare)) this.#channel.resume();
  }

  /** Begins no more; returns those that were waiting. Those in flight may still be answered. */
  close(): readonly RemotingCommand[] {
    this.#isClosed = true;
    return this.#waiting.drain();
  }

  /** Forgets those in flight too: the connection is gone. */
  clear(): void {
    this.close();
    this.#inFlight.clear();
    this.#inFlightBytes = 0;
    this.onRelease?.();
  }

  #start(request: RemotingCommand): void {
    this.#inFlight.add(request);
    this.#inFlightBytes += request.body?.length ?? 0;
    this.#begin(request);
  }

  #hasRoom(share: number): boolean {
    const limits = this.#limits;
    return (
      this.#inFlight.size < Math.max(1, limits.inFlightMax * share) &&
      this.#inFlightBytes < limits.inFlightBytesMax * share &&
      this.#channel.queuedBytes <= limits.writeHighWaterBytes * share
    );
  }
}
