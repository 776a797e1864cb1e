import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const pieceBytes = 65_536;

/** Undefined when it succeeded, else why not. */
function failureOf([command = '', ...parameters]: readonly string[]): string | undefined {
  const { error, status, stderr } = spawnSync(command, parameters);
  return status === 0 ? undefined : (error?.message ?? stderr.toString().trim());
}

/** A real file system of a few megabytes in memory, for tests that fill it. */
export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Undefined, with the reason told, where this process may not mount. */
  static mount(sizeBytes: number): SmallDisk | undefined {
    const path = mkdtempSync(join(tmpdir(), 'orbitmq-small-disk-'));
    const failure = failureOf(['mount', '-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', path]);
    if (failure === undefined) return new SmallDisk(path);
    rmdirSync(path);
    process.stderr.write(`SKIPPED: no small disk can be mounted here: ${failure}\n`);
    return undefined;
  }

  /** A file of this size that only takes space. */
  place(name: string, sizeBytes: number): void {
    writeFileSync(join(this.path, name), Buffer.alloc(sizeBytes, 1));
  }

  /** A file that takes what is left up to this share of the disk. */
  fillTo(name: string, share: number): void {
    const { bavail, blocks, bsize } = statfsSync(this.path);
    this.place(name, Math.max(0, Math.floor((blocks * share - (blocks - bavail)) * bsize)));
  }

  /** A file that takes all that is left. */
  fill(name: string): void {
    const file = openSync(join(this.path, name), 'w');
    try {
      for (;;) writeSync(file, Buffer.alloc(pieceBytes, 1));
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  remove(name: string): void {
    rmSync(join(this.path, name));
  }

  unmount(): void {
    const failure = failureOf(['umount', this.path]);
    if (failure !== undefined) throw new Error(`cannot unmount ${this.path}: ${failure}`);
    rmdirSync(this.path);
  }
}
