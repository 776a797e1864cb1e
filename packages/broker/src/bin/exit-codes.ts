import { ConfigError } from '@orbitmq/core/kernel';

/** Statuses of the commands: Java's negative ones as a shell sees them (page 23 §1). */
export const ExitCode = {
  OK: 0,
  /** The store failed while the broker ran, or something did not stop in order. */
  FAILED: 1,
  /** `--check` and `--repair`: damage was found, and with `--repair` it is repaired. */
  STORE_DAMAGED: 1,
  /** `--check` and `--repair` could not be done: the store is in use, is none, or the disk fails. */
  STORE_UNUSABLE: 2,
  /** Java: -3. The directory, a port or the NameServer address cannot be used. */
  CANNOT_START: 253,
  /** Java: -1. The command line or a configuration value is wrong. */
  BAD_ARGUMENTS: 255,
} as const;

/** The status for a failure before the service ran. */
export function exitCodeOfStartFailure(error: unknown): number {
  if (!(error instanceof ConfigError)) return ExitCode.CANNOT_START;
  const keys = error.details['keys'];
  return Array.isArray(keys) && keys.includes('namesrvAddr') ? ExitCode.CANNOT_START : ExitCode.BAD_ARGUMENTS;
}
