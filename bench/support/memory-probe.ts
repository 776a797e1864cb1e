/**
 * What a broker's memory is made of: a probe that the benchmark puts into its process, asked by a signal, and the kernel's own account. Only
 * for `memory.ts --explain`: the product knows nothing of it.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs inside the broker: at SIGUSR2 writes one JSON object beside its process id. */
const probe = `
import { writeFileSync, renameSync } from 'node:fs';
import { getHeapSpaceStatistics } from 'node:v8';
process.on('SIGUSR2', () => {
  const path = process.env.ORBITMQ_PROBE + '.' + process.pid;
  writeFileSync(path + '.new', JSON.stringify({ usage: process.memoryUsage(), spaces: getHeapSpaceStatistics() }));
  renameSync(path + '.new', path);
});`;

/** Settings of the environment with which a Node process takes the probe in. */
export function probeEnvironment(path: string): Record<string, string> {
  return { ORBITMQ_PROBE: path, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(probe)}` };
}

interface ProbeAnswer {
  readonly usage: NodeJS.MemoryUsage;
  readonly spaces: readonly { readonly space_name: string; readonly space_size: number; readonly space_used_size: number }[];
}

const mebibytes = (bytes: number): number => Math.round(bytes / 1_048_576);

/** Resident anonymous memory by who asked the kernel for it, MiB. */
export function anonymousByKind(pid: number): Record<string, number> {
  const kinds: Record<string, number> = {};
  let kind = '';
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+\s*(.*)$/.exec(line);
    if (head !== null) {
      const start = Number.parseInt(head[1] ?? '', 16);
      const path = head[4] ?? '';
      // Arenas of other threads begin at multiples of 64 MiB.
      if (path === '[heap]') kind = 'malloc main';
      else if (path !== '') kind = 'files and stacks';
      else kind = start % 67_108_864 === 0 ? 'malloc arenas' : 'mapped';
    }
    const anonymous = /^Anonymous:\s+(\d+) kB/.exec(line);
    if (anonymous !== null) kinds[kind] = (kinds[kind] ?? 0) + Number(anonymous[1]) / 1024;
  }
  return Object.fromEntries(Object.entries(kinds).map(([name, size]) => [name, Math.round(size)]));
}

/** One line: the kernel's account, then V8's. The process must have been started with `probeEnvironment(path)`. */
export async function explainMemory(pid: number, path: string): Promise<string> {
  const answerPath = `${path}.${pid}`;
  rmSync(answerPath, { force: true });
  process.kill(pid, 'SIGUSR2');
  for (let tries = 0; !existsSync(answerPath) && tries < 1000; tries += 1) await sleep(10);
  const { spaces, usage } = JSON.parse(readFileSync(answerPath, 'utf8')) as ProbeAnswer;
  rmSync(answerPath, { force: true });
  const heap = spaces
    .filter((space) => space.space_size >= 1_048_576)
    .map(
      (space) => `${space.space_name.replace('_space', '')} ${mebibytes(space.space_used_size)}/${mebibytes(space.space_size)}`,
    );
  return [
    JSON.stringify(anonymousByKind(pid)),
    `buffers ${mebibytes(usage.arrayBuffers)}, external ${mebibytes(usage.external)}, heap ${mebibytes(usage.heapUsed)}/${mebibytes(usage.heapTotal)}`,
    heap.join(', '),
  ].join('\n    ');
}
