import type { Clock, Timer, Timers } from '@orbitmq/core/kernel';
import { sweepPeriodMs } from './connection-limits.js';
import type { PeerConnection } from './peer-connection.js';

/** The open connections of a client or server, looked over once a second while there are any. */
export class ConnectionSweeper {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #connections = new Set<PeerConnection>();
  #timer: Timer | undefined;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  get connections(): ReadonlySet<PeerConnection> {
    return this.#connections;
  }

  /** Holds `connection` until it closes. */
  add(connection: PeerConnection): void {
    this.#connections.add(connection);
    connection.onClose(() => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#stop();
    });
    // It must not keep a process alive: the connections do that.
    this.#timer ??= this.#timers.setInterval(this.#sweep, sweepPeriodMs).unref();
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  readonly #sweep = (): void => {
    const nowMs = this.#clock.monotonic();
    for (const connection of this.#connections) connection.sweep(nowMs);
  };
}
