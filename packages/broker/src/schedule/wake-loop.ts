import { type Environment, InvariantError, type Timer } from '@orbitmq/core/kernel';

export interface WakeLoopDeps {
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  /** Does the next piece; false when there is nothing more to do now. May ask for a pause with `sleep`, and is false then. */
  readonly step: () => Promise<boolean>;
  /** `step` rejected: says so, and asks for a pause with `sleep`. */
  readonly onError: (error: unknown) => void;
  /** There was nothing more to do, and no pause was asked for. In the turn of the last look. */
  readonly onRest?: (() => void) | undefined;
}

/**
 * Work that is done piece by piece for as long as there is some, and then waits to be woken, or for a time (Java: the timer tasks and
 * service threads of ScheduleMessageService and TimerMessageStore). Invariants: one step at a time; a wake is never lost, whenever it comes:
 * what it is about is looked at after it, unless a pause was asked for, at whose end everything is.
 */
export class WakeLoop {
  readonly #deps: WakeLoopDeps;
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  /** When the pause ends, monotonic. */
  #timerAtMs = 0;
  #isWokenAgain = false;
  #isStopped = false;

  constructor(deps: WakeLoopDeps) {
    this.#deps = deps;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** A pause was asked for, and is not over. */
  get isSleeping(): boolean {
    return this.#timer !== undefined;
  }

  /** There may be something to do. A pause goes on, unless it ends later than `latestMs`, monotonic, which is asked only then. */
  wake(latestMs?: () => number): void {
    if (this.#isStopped) return;
    if (this.#running !== undefined) {
      this.#isWokenAgain = true;
      return;
    }
    if (this.#timer !== undefined && (latestMs === undefined || this.#timerAtMs <= latestMs())) return;
    this.#cancelTimer();
    const running = this.#run()
      .catch((error: unknown) => {
        if (error instanceof InvariantError) throw error;
        this.#deps.onError(error);
      })
      .finally(() => {
        if (this.#running === running) this.#running = undefined;
      });
    this.#running = running;
  }

  /** A pause, in place of the one before. `onEnd`: what is done at its end, instead of a wake. */
  sleep(delayMs: number, onEnd = (): void => this.wake()): void {
    if (this.#isStopped) return;
    this.#cancelTimer();
    const { clock, timers } = this.#deps.environment;
    this.#timerAtMs = clock.monotonic() + delayMs;
    this.#timer = timers.setTimeout(() => {
      this.#timer = undefined;
      onEnd();
    }, delayMs);
  }

  /** Ends after the step that is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer();
    await this.#running;
  }

  async #run(): Promise<void> {
    do {
      this.#isWokenAgain = false;
      while (!this.#isStopped && (await this.#deps.step()));
    } while (this.#isWokenAgain && this.#timer === undefined && !this.#isStopped);
    // In the turn of the last look, so that what comes from now on wakes it.
    this.#running = undefined;
    if (this.#timer === undefined) this.#deps.onRest?.();
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
