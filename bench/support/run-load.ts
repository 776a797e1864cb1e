import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LoadOptions, LoadResult } from './load-generator.js';

const generator = join(dirname(fileURLToPath(import.meta.url)), 'load-generator.ts');
const run = promisify(execFile);
const clockTicksPerSecond = 100;

export interface Measured extends LoadResult {
  readonly perSecond: number;
  readonly consumedPerSecond: number;
  /** CPU of the broker's process per message sent, microseconds. */
  readonly cpuMicros: number;
}

/** User and system time of a process so far, seconds. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
}

/** Anonymous resident memory of a process, MiB. */
export function anonymousMiB(pid: number): number {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

/** Runs the load in a process of its own and measures what the broker's process spent on it. */
export async function runLoad(brokerPid: number, options: LoadOptions): Promise<Measured> {
  const before = cpuSeconds(brokerPid);
  const { stdout } = await run(process.execPath, ['--import', 'tsx', generator, JSON.stringify(options)], { maxBuffer: 1 << 20 });
  const spent = cpuSeconds(brokerPid) - before;
  const result = JSON.parse(stdout) as LoadResult;
  return {
    ...result,
    perSecond: result.sent / result.seconds,
    consumedPerSecond: result.consumed / result.seconds,
    cpuMicros: (spent * 1e6) / Math.max(1, result.sent),
  };
}
