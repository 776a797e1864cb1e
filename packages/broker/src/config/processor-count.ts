import { availableParallelism } from 'node:os';

/** Processors that this process may use; Apache's default for its pools of threads. */
export const processorCount = availableParallelism();
