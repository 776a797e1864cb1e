import type { SendReceipt } from '@orbitmq/core';
import type { MqError, TransportError } from '@orbitmq/core/kernel';
import { type FrameWriter, type RemotingCommand, writeSendMessageRequest } from '@orbitmq/protocol';
import type { RemotingCall } from '@orbitmq/remoting';
import type { PreparedMessage } from './prepared-message.js';
import type { PublishTarget } from './publish-target.js';
import type { LaneEntry } from './send-lanes.js';

/** Who waits for a send. One of `succeed` and `fail` is called, once. */
export interface SendEnding {
  /** Reads the answer; may throw a `ProtocolError`, which becomes the send's failure. */
  readonly succeed: (response: RemotingCommand, target: PublishTarget) => void;
  readonly fail: (error: unknown) => void;
  /** Called before `fail` when the message is stored less durably than asked. */
  readonly onWeaker?: ((receipt: SendReceipt) => void) | undefined;
}

/** What an operation tells its pipeline. */
export interface SendOwner {
  onResponse(operation: SendOperation, response: RemotingCommand): void;
  onFailure(operation: SendOperation, error: MqError): void;
  onAbort(operation: SendOperation): void;
}

export interface SendOperationOptions {
  readonly owner: SendOwner;
  readonly message: PreparedMessage;
  readonly attemptsMax: number;
  readonly deadlineMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly ending: SendEnding;
}

/**
 * One send from the call to its end: the message as it goes out, what has been tried, and who waits. It is itself the entry
 * in the remoting client's table of pending requests, so a send that succeeds makes few further objects.
 */
export class SendOperation implements RemotingCall, LaneEntry {
  opaque = 0;
  readonly message: PreparedMessage;
  /** Monotonic end of the budget for all attempts together. */
  readonly deadlineMs: number;
  readonly timeoutMs: number;
  readonly ending: SendEnding;
  attemptsLeft: number;
  attemptCount = 0;
  isSettled = false;
  laneName: string | undefined;
  /** Where the current attempt goes. */
  target: PublishTarget | undefined;
  address = '';
  /** The broker of the attempt that failed last. */
  failedBroker: string | undefined;
  /** An attempt whose outcome nobody knows: from then on the message may be stored. */
  unknownOutcome: TransportError | undefined;
  readonly #owner: SendOwner;
  readonly #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  constructor(options: SendOperationOptions) {
    this.message = options.message;
    this.attemptsLeft = options.attemptsMax;
    this.deadlineMs = options.deadlineMs;
    this.timeoutMs = options.timeoutMs;
    this.ending = options.ending;
    this.#owner = options.owner;
    this.#signal = options.signal;
    if (options.signal !== undefined) this.#listen(options.signal);
  }

  writeFrame(writer: FrameWriter): void {
    if (this.target === undefined) return;
    writeSendMessageRequest(writer, this.target.template(this.message.isBatch), this.opaque, this.message);
  }

  onResponse(response: RemotingCommand): void {
    this.#owner.onResponse(this, response);
  }

  onFailure(error: MqError): void {
    this.#owner.onFailure(this, error);
  }

  /** Why the caller gave up, when it did. */
  get abortReason(): unknown {
    return this.#signal?.reason;
  }

  /** Marks the end; what comes in later for this operation is ignored. */
  settle(): void {
    this.isSettled = true;
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #listen(signal: AbortSignal): void {
    this.#onAbort = () => this.#owner.onAbort(this);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }
}
