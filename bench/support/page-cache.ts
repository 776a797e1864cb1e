import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Takes all files below a directory out of the page cache, one by one; needs GNU dd. What a process has mapped and touched stays. */
export function evict(directory: string): void {
  for (const path of filesIn(directory)) execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' });
}

/** MiB of the files below a directory that are in the page cache; needs fincore of util-linux. */
export function residentMiB(directory: string): number {
  const listed = execFileSync('fincore', ['--bytes', '--noheadings', '--output', 'RES', ...filesIn(directory)], {
    encoding: 'utf8',
  });
  return listed.split('\n').reduce((sum, line) => sum + Number(line), 0) / 1_048_576;
}
