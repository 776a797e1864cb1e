/** Something that runs for a while. */
export interface Lifecycle {
  /** Resolves when the component is ready for work; rejects, with everything released, when it cannot be. Called once. */
  start(): Promise<void>;
  /** Stops taking work, drains what is in flight within `deadlineMs`, releases everything. Idempotent; never rejects because it was called twice. */
  stop(options?: StopOptions): Promise<void>;
}

export interface StopOptions {
  /** How long draining may take, in milliseconds; what is not done then is abandoned (and redelivered later). */
  readonly deadlineMs?: number;
}
