import { openSync, readSync } from 'node:fs';

/** Its first number is what the thread that opened it has run, nanoseconds; Linux only. */
const path = '/proc/thread-self/schedstat';
const lineBytesMax = 80;
const space = 0x20;

/**
 * Processor time of this thread, milliseconds. Not that of the process: V8 compiles and marks garbage on other threads, and a
 * turn that waits for its processor meanwhile would be charged with that. Without Linux it is that of the process.
 */
export function openThreadCpu(): () => number {
  const file = openIfThere();
  const line = Buffer.alloc(lineBytesMax);
  if (file === undefined) return processCpuMs;
  return () => {
    readSync(file, line, 0, lineBytesMax, 0);
    return Number(line.toString('latin1', 0, line.indexOf(space))) / 1_000_000;
  };
}

function openIfThere(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

function processCpuMs(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1000;
}
