import type { Logger } from '@orbitmq/core/kernel';
import type { ByteStream } from '../byte-stream.js';
import type { Call, CallOwner } from '../connection/call.js';
import { requestTimeout, tooManyRequests } from '../connection/call-errors.js';
import type { PeerConnection } from '../connection/peer-connection.js';

export interface ServerLinkOptions {
  readonly address: string;
  /** Calls that may wait for the connection. */
  readonly waitingMax: number;
  readonly logger: Logger;
  readonly dial: (address: string) => Promise<ByteStream>;
  /** Makes a connection of a stream, in the turn in which it is called. */
  readonly open: (stream: ByteStream, address: string) => PeerConnection;
  /** A dial failed, and nobody has asked for another one. */
  readonly onUnused: () => void;
}

/**
 * The way to one server: a connection, or the dial that will bring one, shared by all callers. A failed dial fails the calls
 * that wait for it; the next call dials again.
 */
export class ServerLink implements CallOwner {
  readonly #options: ServerLinkOptions;
  readonly #waiting = new Set<Call>();
  #connection: PeerConnection | undefined;
  #isDialing = false;

  constructor(options: ServerLinkOptions) {
    this.#options = options;
  }

  /** Nothing is left that would be worth keeping. */
  get isUnused(): boolean {
    return !this.#isDialing && this.#connection?.isOpen !== true;
  }

  send(call: Call): void {
    if (this.#connection?.isOpen === true) {
      this.#connection.send(call);
      return;
    }
    const { address, waitingMax } = this.#options;
    if (this.#waiting.size >= waitingMax) {
      call.fail(tooManyRequests(address, 'that many wait for the connection', waitingMax));
      return;
    }
    call.owner = this;
    this.#waiting.add(call);
    if (!this.#isDialing) void this.#dial();
  }

  release(call: Call): void {
    this.#waiting.delete(call);
  }

  timeoutError(call: Call): Error {
    return requestTimeout(this.#options.address, call.code, call.timeoutMs, 'not-sent');
  }

  /** Fails the calls that wait for the connection. */
  failWaiting(error: unknown): void {
    const waiting = Array.from(this.#waiting);
    for (const call of waiting) call.fail(error);
  }

  /** Never rejects. */
  async #dial(): Promise<void> {
    const { address, dial, open, onUnused } = this.#options;
    this.#isDialing = true;
    let connection: PeerConnection;
    try {
      connection = open(await dial(address), address);
    } catch (error) {
      // Before the calls hear of it: one that is made again at once has to dial anew.
      this.#isDialing = false;
      this.#options.logger.debug('connecting failed', { address, error });
      this.failWaiting(error);
      if (this.isUnused) onUnused();
      return;
    }
    this.#isDialing = false;
    this.#connection = connection;
    const waiting = Array.from(this.#waiting);
    this.#waiting.clear();
    for (const call of waiting) connection.send(call);
  }
}
