import type { Clock } from '@orbitmq/core/kernel';
import type { RemotingCommand } from '@orbitmq/protocol';
import { type DeadlineQueue, Expiring } from './deadline-queue.js';

/** Why a request is not begun: the code and the remark of its answer. */
export interface WaitingRefusal {
  readonly code: number;
  readonly remark: string;
}

/**
 * Whether a request that waits for its turn goes on waiting: undefined when it does. Asked when its turn comes, and every
 * `waitingScanMs` before. `waitingCount` requests wait on its connection, itself included.
 */
export type WaitingRule = (request: RemotingCommand, waitedMs: number, waitingCount: number) => WaitingRefusal | undefined;

export interface WaitingOptions {
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  readonly rule: WaitingRule;
  readonly refuse: (request: RemotingCommand, refusal: WaitingRefusal) => void;
}

/** How often the requests that wait are looked at, milliseconds (Java: every 10). */
const waitingScanMs = 50;

/**
 * Requests that came when the limits of their connection were used up, in order of arrival. Reading pauses with the first of
 * them, so that there is at most one chunk of them. With a rule, those that it refuses are answered and gone.
 */
export class WaitingRequests extends Expiring {
  readonly #options: WaitingOptions | undefined;
  #requests: RemotingCommand[] = [];
  /** When each of them came, monotonic ms; empty without a rule. */
  #sinceMs: number[] = [];

  constructor(options: WaitingOptions | undefined) {
    super();
    this.#options = options;
  }

  get size(): number {
    return this.#requests.length;
  }

  add(request: RemotingCommand): void {
    this.#requests.push(request);
    if (this.#options === undefined) return;
    const { clock, deadlines } = this.#options;
    const nowMs = clock.monotonic();
    this.#sinceMs.push(nowMs);
    if (this.#requests.length === 1) deadlines.add(this, nowMs + waitingScanMs);
  }

  /** Begins those at the head, in order, for as long as there is room; what the rule refuses needs none. */
  begin(hasRoom: () => boolean, start: (request: RemotingCommand) => void): void {
    let count = 0;
    for (const [index, request] of this.#requests.entries()) {
      if (!hasRoom()) break;
      count += 1;
      if (!this.#isRefused(request, index)) start(request);
    }
    this.#requests = this.#requests.slice(count);
    this.#sinceMs = this.#sinceMs.slice(count);
    this.#disarmWhenEmpty();
  }

  /** Returns them all; none waits any more. */
  drain(): readonly RemotingCommand[] {
    const requests = this.#requests;
    this.#requests = [];
    this.#sinceMs = [];
    this.#disarmWhenEmpty();
    return requests;
  }

  /** The next scan is due. */
  expire(): void {
    const requests = this.#requests;
    const sinceMs = this.#sinceMs;
    const isKept = requests.map((request, index) => !this.#isRefused(request, index));
    this.#requests = requests.filter((_, index) => isKept[index]);
    this.#sinceMs = sinceMs.filter((_, index) => isKept[index]);
    if (this.#options === undefined || this.#requests.length === 0) return;
    this.#options.deadlines.add(this, this.#options.clock.monotonic() + waitingScanMs);
  }

  #isRefused(request: RemotingCommand, index: number): boolean {
    if (this.#options === undefined) return false;
    const { clock, rule, refuse } = this.#options;
    const refusal = rule(request, clock.monotonic() - (this.#sinceMs[index] as number), this.#requests.length);
    if (refusal !== undefined) refuse(request, refusal);
    return refusal !== undefined;
  }

  #disarmWhenEmpty(): void {
    if (this.#requests.length === 0) this.#options?.deadlines.remove(this);
  }
}
