import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LoadOptions, LoadResult } from './load-generator.js';

const programs = dirname(fileURLToPath(import.meta.url));
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

/** Runs a program of this folder with one JSON object in a process of its own; gives the one that it prints. */
export async function runProgram<Result>(program: string, options: object): Promise<Result> {
  const args = ['--import', 'tsx', join(programs, program), JSON.stringify(options)];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 1 << 20 });
  return JSON.parse(stdout) as Result;
}

/** Runs the load in a process of its own and measures what the broker's process spent on it. */
export async function runLoad(brokerPid: number, options: LoadOptions): Promise<Measured> {
  const before = cpuSeconds(brokerPid);
  const result = await runProgram<LoadResult>('load-generator.ts', options);
  const spent = cpuSeconds(brokerPid) - before;
  return {
    ...result,
    perSecond: result.sent / result.seconds,
    consumedPerSecond: result.consumed / result.seconds,
    cpuMicros: (spent * 1e6) / Math.max(1, result.sent),
  };
}
