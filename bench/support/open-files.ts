import { readdirSync } from 'node:fs';

/** Open descriptors of a process. */
export function openFileCount(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
