import type { RemotingCommand } from '@orbitmq/protocol';
import type { Call, CallOwner } from './call.js';
import { connectionClosed, type Outcome, requestTimeout } from './call-errors.js';
import { CallTable } from './call-table.js';
import type { FrameChannel } from './frame-channel.js';

const opaqueMax = 0x7fff_ffff;

/**
 * The calls of one connection that wait for an answer, by their number (RocketMQ: responseTable). Numbers are this end's
 * own; the other end's may be the same ones, bit 0 of the flag tells them apart (page 01 §7).
 */
export class PendingCalls implements CallOwner {
  readonly #channel: FrameChannel;
  readonly #peerAddress: string;
  readonly #onTimeout: (call: Call) => void;
  readonly #calls = new CallTable<Call>();
  #opaque = 0;
  /** Set while somebody waits for the last call to end. */
  onRelease: (() => void) | undefined;

  /** `onTimeout` hears of calls that were sent and whose answer did not come. */
  constructor(channel: FrameChannel, peerAddress: string, onTimeout: (call: Call) => void) {
    this.#channel = channel;
    this.#peerAddress = peerAddress;
    this.#onTimeout = onTimeout;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Gives the call a number and waits for its answer. */
  add(call: Call): void {
    call.opaque = this.nextOpaque();
    call.encodedAtFlush = this.#channel.flushCount;
    call.encodedAtReceive = this.#channel.receiveCount;
    call.owner = this;
    this.#calls.add(call);
  }

  /** A number that no waiting call has. */
  nextOpaque(): number {
    do {
      this.#opaque = this.#opaque === opaqueMax ? 0 : this.#opaque + 1;
    } while (!this.#calls.isFree(this.#opaque));
    return this.#opaque;
  }

  /** False: nobody waits for this answer, or not any more. */
  settle(response: RemotingCommand): boolean {
    const call = this.#calls.get(response.opaque);
    if (call === undefined) return false;
    call.succeed(response);
    return true;
  }

  /** Fails all of them: the connection is gone. */
  failAll(cause: Error | undefined): void {
    const calls = this.#calls.all();
    for (const call of calls) {
      call.fail(connectionClosed(this.#peerAddress, call.code, this.#outcome(call), cause));
    }
  }

  release(call: Call): void {
    this.#calls.remove(call);
    this.onRelease?.();
  }

  timeoutError(call: Call): Error {
    this.#onTimeout(call);
    return requestTimeout(this.#peerAddress, call.code, call.timeoutMs, this.#outcome(call));
  }

  #outcome(call: Call): Outcome {
    return this.#channel.flushCount > call.encodedAtFlush ? 'unknown' : 'not-sent';
  }
}
