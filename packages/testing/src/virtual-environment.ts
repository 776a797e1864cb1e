import { type Environment, type Logger, silentLogger } from '@orbitmq/core/kernel';
import { SeededRandom } from './seeded-random.js';
import { VirtualTime } from './time/virtual-time.js';

export interface VirtualEnvironmentOptions {
  /** What the wall clock says at the beginning, milliseconds since the epoch. Default: 2024-01-01. */
  readonly startMs?: number | undefined;
  /** Default: silence. */
  readonly logger?: Logger | undefined;
}

/** An `Environment` in which nothing is left to chance; `time` drives it. */
export interface VirtualEnvironment extends Environment {
  /** The same object as `clock` and `timers`. */
  readonly time: VirtualTime;
  readonly random: SeededRandom;
}

/** Virtual time and seeded random behind the seams of the product. Equal seeds give equal runs. */
export function virtualEnvironment(seed: number, options: VirtualEnvironmentOptions = {}): VirtualEnvironment {
  const time = new VirtualTime(options.startMs);
  return { time, clock: time, timers: time, random: new SeededRandom(seed), logger: options.logger ?? silentLogger };
}
