import type { Clock } from './clock.js';
import type { Logger } from './logger.js';
import type { Random } from './random.js';
import type { Timers } from './timers.js';

/** The seams every component is built on. One object, passed by hand through constructors. */
export interface Environment {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
}
