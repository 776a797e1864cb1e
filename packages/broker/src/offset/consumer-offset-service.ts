import type { Environment, Lifecycle, StopOptions, Timer } from '@orbitmq/core/kernel';
import type { ConsumerOffsetManager } from './consumer-offset-manager.js';

/** Writes committed offsets every flushConsumerOffsetInterval, and a last time at the stop. */
export class ConsumerOffsetService implements Lifecycle {
  readonly #environment: Environment;
  readonly #offsets: ConsumerOffsetManager;
  readonly #intervalMs: number;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;

  constructor(environment: Environment, offsets: ConsumerOffsetManager, intervalMs: number) {
    this.#environment = environment;
    this.#offsets = offsets;
    this.#intervalMs = intervalMs;
  }

  async start(): Promise<void> {
    this.#timer = this.#environment.timers.setInterval(() => this.#persist(), this.#intervalMs).unref();
  }

  /** Rejects when the last write failed or waits for a disk that hangs: deliveries of the time since the write before will be repeated. */
  async stop(options: StopOptions = {}): Promise<void> {
    this.#timer?.cancel();
    await this.#offsets.close(options);
  }

  /** One write at a time: while the disk hangs, the next ones need not wait as well. */
  #persist(): void {
    if (this.#writing !== undefined) return;
    this.#writing = this.#offsets
      .persist()
      .catch((error: unknown) => {
        this.#environment.logger.error('consumer offsets could not be written; it will be tried again', { error });
      })
      .finally(() => {
        this.#writing = undefined;
      });
  }
}
