import type { Clock } from '@orbitmq/core/kernel';
import type { DataVersion } from '@orbitmq/protocol';

/** Version of a table that has not changed yet. */
export function initialDataVersion(clock: Clock): DataVersion {
  return { counter: 0, timestamp: clock.now(), stateVersion: 0 };
}

/** Version after a change (Java: DataVersion.nextVersion). The counter makes it differ also when the clock stands or steps back. */
export function nextDataVersion(version: DataVersion, clock: Clock): DataVersion {
  return { counter: version.counter + 1, timestamp: clock.now(), stateVersion: version.stateVersion };
}
