import type { CatchUpOptions, CatchUpResult } from './catch-up-reader.js';
import { type Measured, runLoad, runProgram } from './run-load.js';
import { type MeasuredServer, pidOf, portOf } from './server-pair.js';

/** Of each topic. */
export const backlogQueues = 4;
const bodyBytes = 1024;
/** In the log. */
const recordBytes = bodyBytes + 170;

/** How many messages fill so much log. */
export function messagesIn(mib: number): number {
  return Math.round((mib * 1_048_576) / recordBytes);
}

/** Writes messages that nobody consumes. The topics exist. */
export function fill(server: MeasuredServer, topics: readonly string[], messagesMax: number): Promise<Measured> {
  return runLoad(pidOf(server), {
    port: portOf(server),
    topics,
    queues: backlogQueues,
    connections: 4,
    inFlight: 64,
    bodyBytes,
    seconds: 3600,
    messagesMax,
    consume: false,
  });
}

/** What is not as usual with a reading. */
export interface ReadBackOptions {
  readonly connections: number;
  readonly seconds?: number;
  readonly isStaggered?: boolean;
}

/** Reads all of it once, or from the first message on again and again for so many seconds. */
export function readBack(
  server: MeasuredServer,
  topics: readonly string[],
  { connections, seconds = 0, isStaggered = false }: ReadBackOptions,
): Promise<CatchUpResult> {
  const options: CatchUpOptions = { port: portOf(server), topics, queues: backlogQueues, connections, seconds, isStaggered };
  return runProgram<CatchUpResult>('catch-up-reader.ts', options);
}
