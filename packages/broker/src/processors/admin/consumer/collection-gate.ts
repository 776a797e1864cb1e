/**
 * How many answers about all queues of topics and groups (202, 208, 303, 317) are collected at a time: each may hold what a frame
 * holds, and each takes a part of every turn of the event loop. Invariant: at most `runningMax` run, at most `waitingMax` wait,
 * first come first served.
 */
import { type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';
import { refuse } from '../refuse.js';

export interface CollectionGateOptions {
  /** Default: 2. */
  readonly runningMax?: number | undefined;
  /** Default: 64; tools ask about one topic or group after the other. */
  readonly waitingMax?: number | undefined;
}

export class CollectionGate {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ runningMax = 2, waitingMax = 64 }: CollectionGateOptions = {}) {
    this.#runningMax = runningMax;
    this.#waitingMax = waitingMax;
  }

  /** Runs `collect` when it is its turn, unless nobody is there any more to answer; with too many waiting, answers 2 (SYSTEM_BUSY). */
  async run(request: RemotingCommand, connection: ServerConnection, collect: () => Promise<void>): Promise<void> {
    if (this.#running < this.#runningMax) this.#running += 1;
    else if (this.#waiting.length < this.#waitingMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else {
      const remark = `[OVERLOAD]system busy, ${this.#waiting.length} requests about queues wait already`;
      refuse(request, connection, { code: ResponseCode.SYSTEM_BUSY, remark });
      return;
    }
    try {
      if (connection.isOpen) await collect();
    } finally {
      this.#leave();
    }
  }

  /** The next one takes over the place: nobody can come between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
