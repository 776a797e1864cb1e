import { type Environment, type Lifecycle, type StopOptions, StoreError, type Timer } from '@orbitmq/core/kernel';
import type { ConsumerOffsetManager } from './consumer-offset-manager.js';

/** How long `stop` waits for the last write when its caller names no deadline. */
const stopDeadlineMsDefault = 10_000;

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
    const written = this.#offsets.persist();
    const deadlineMs = options.deadlineMs ?? stopDeadlineMsDefault;
    await new Promise<void>((resolve, reject) => {
      const deadline = this.#environment.timers.setTimeout(() => {
        this.#offsets.abandon();
        reject(new StoreError('STORE_IO_FAILED', `Consumer offsets were not written within ${deadlineMs} ms: the disk is busy`));
      }, deadlineMs);
      written.then(resolve, reject).finally(() => deadline.cancel());
    });
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
