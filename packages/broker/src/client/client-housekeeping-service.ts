import type { Lifecycle, Timer, Timers } from '@orbitmq/core/kernel';

/** Java: ClientHousekeepingService scans every 10 s. */
const scanIntervalMs = 10_000;

/** Drops clients that stopped sending heartbeats, however alive their connection looks. */
export class ClientHousekeepingService implements Lifecycle {
  readonly #timers: Timers;
  readonly #managers: readonly { expire(): void }[];
  #timer: Timer | undefined;

  constructor(timers: Timers, managers: readonly { expire(): void }[]) {
    this.#timers = timers;
    this.#managers = managers;
  }

  async start(): Promise<void> {
    this.#timer = this.#timers
      .setInterval(() => {
        for (const manager of this.#managers) manager.expire();
      }, scanIntervalMs)
      .unref();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
  }
}
