import { type FrameWriter, isOneway, type RemotingCommand } from '@orbitmq/protocol';
import { Call } from './call.js';
import type { DeadlineQueue } from './deadline-queue.js';

export interface CommandCallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A call of a command, with a promise and perhaps a signal waiting for it. */
export class CommandCall extends Call {
  readonly #request: RemotingCommand;
  readonly #resolve: (response: RemotingCommand | undefined) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (() => void) | undefined;

  constructor(
    request: RemotingCommand,
    options: CommandCallOptions,
    deadlines: DeadlineQueue,
    nowMs: number,
    resolve: (response: RemotingCommand | undefined) => void,
    reject: (error: unknown) => void,
  ) {
    super(options.timeoutMs, deadlines, nowMs);
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    const { signal } = options;
    this.#signal = signal;
    if (signal === undefined) return;
    this.#onAbort = () => {
      this.fail(signal.reason);
    };
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get code(): number {
    return this.#request.code;
  }

  get isOneway(): boolean {
    return isOneway(this.#request);
  }

  write(writer: FrameWriter): void {
    this.#request.opaque = this.opaque;
    writer.writeCommand(this.#request);
  }

  protected onSuccess(response: RemotingCommand | undefined): void {
    this.#unlisten();
    this.#resolve(response);
  }

  protected onFailure(error: unknown): void {
    this.#unlisten();
    this.#reject(error);
  }

  #unlisten(): void {
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
