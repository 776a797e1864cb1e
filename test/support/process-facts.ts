import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Whether the machine tells what other processes hold. */
export const hasProcessFacts = process.platform === 'linux';

/** Memory of a process that is its own, not the page cache's, bytes. */
export function anonymousMemoryBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Open sockets of a process. */
export function socketCount(pid: number): number {
  const directory = `/proc/${pid}/fd`;
  let count = 0;
  for (const name of readdirSync(directory)) if (targetOf(`${directory}/${name}`).startsWith('socket:')) count += 1;
  return count;
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // Closed since it was listed.
  }
}
