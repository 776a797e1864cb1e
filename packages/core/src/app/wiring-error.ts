import { ConfigError } from '../kernel/errors.js';

/** All that is wrong with a wiring, as one readable list; `details.problems` has the sentences. */
export function wiringError(problems: readonly string[], cause?: unknown): ConfigError {
  const [count, verb] = problems.length === 1 ? ['1 thing', 'is'] : [`${problems.length} things`, 'are'];
  const list = problems.map((problem) => `\n  - ${problem}`).join('');
  return new ConfigError('WIRING_INVALID', `Nothing was started: ${count} ${verb} wrong with the wiring:${list}`, {
    details: { problems },
    cause,
  });
}
