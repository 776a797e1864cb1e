/** Runs a service as a process: start, one line, drain at SIGTERM or SIGINT, status. The only code that ends the process. */
import { isMqError, type Lifecycle, type Logger } from '@orbitmq/core/kernel';
import { ExitCode, exitCodeOfStartFailure } from './exit-codes.js';

export interface RunServiceOptions {
  readonly service: Lifecycle;
  readonly logger: Logger;
  /** What to print when the service is ready. */
  readonly readyLine: () => string;
  /** Resolves when the service cannot go on. */
  readonly failed?: Promise<Error> | undefined;
  /** What the stop takes on top of draining, in milliseconds. Default: 0. */
  readonly farewellMs?: number | undefined;
}

const stopDeadlineMs = 10_000;

/** Resolves with the exit status when the service has stopped. A second signal ends the process at once. */
export async function runService(options: RunServiceOptions): Promise<number> {
  const { service, logger } = options;
  const ended = new Promise<{ readonly reason: string; readonly status: number }>((resolve) => {
    let isSignalled = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isSignalled) process.exit(ExitCode.FAILED);
      isSignalled = true;
      resolve({ reason: signal, status: ExitCode.OK });
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    void options.failed?.then((error) => resolve({ reason: sentenceOf(error), status: ExitCode.FAILED }));
  });
  try {
    await service.start();
  } catch (error) {
    return reportStartFailure(error);
  }
  process.stdout.write(`${options.readyLine()}\n`);
  const { reason, status } = await ended;
  if (status !== ExitCode.OK) process.stderr.write(`stopping: ${reason}\n`);
  else logger.info('stopping', { signal: reason });
  try {
    await service.stop({ deadlineMs: stopDeadlineMs + (options.farewellMs ?? 0) });
  } catch (error) {
    process.stderr.write(`did not stop in order: ${sentenceOf(error)}\n`);
    return ExitCode.FAILED;
  }
  return status;
}

/** Says why nothing was started, and returns the status for it. What is no expected failure is thrown on. */
export function reportStartFailure(error: unknown): number {
  if (!isMqError(error)) throw error;
  process.stderr.write(`${error.name} ${error.code}: ${error.message}\n`);
  return exitCodeOfStartFailure(error);
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
