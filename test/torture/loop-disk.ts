import { execFile } from 'node:child_process';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitUntil } from '../support/wait-until.js';

const run = promisify(execFile);
const unmountMsMax = 10_000;

/** EXT4_IOC_SHUTDOWN with "no log flush": at once nothing reaches the device any more, what only memory has is lost. */
const shutdown = 'open(my $d, "<", $ARGV[0]) or die $!; my $how = pack("I", 2); ioctl($d, 0x8004587d, $how) or die $!;';

/**
 * A file system of its own, on a file: it can lose power, and be full. Needs root, loop devices and ext4; where they are
 * missing `create` rejects, and whoever runs it says so.
 */
export class LoopDisk {
  readonly mountPoint: string;
  readonly #image: string;

  private constructor(mountPoint: string, image: string) {
    this.mountPoint = mountPoint;
    this.#image = image;
  }

  static async create(directory: string, sizeBytes: number): Promise<LoopDisk> {
    const disk = new LoopDisk(join(directory, 'mounted'), join(directory, 'disk.img'));
    await mkdir(disk.mountPoint, { recursive: true });
    await writeFile(disk.#image, '');
    await truncate(disk.#image, sizeBytes);
    await run('mkfs.ext4', ['-q', '-F', disk.#image]);
    await disk.#mount();
    return disk;
  }

  /** From this moment on the device has what it has. Programs that use the file system fail. */
  async cutPower(): Promise<void> {
    await run('perl', ['-e', shutdown, this.mountPoint]);
  }

  /** After a power cut, when no program uses it any more: the journal is replayed. */
  async remount(): Promise<void> {
    await this.#unmount();
    await this.#mount();
  }

  async remove(): Promise<void> {
    await this.#unmount();
  }

  /** On a machine with much to do the system lets go of the files of a killed program a moment after the program is gone. */
  async #unmount(): Promise<void> {
    await waitUntil('the file system is let go', unmountMsMax, async () => {
      const failure = await run('umount', [this.mountPoint]).then(
        () => '',
        (error: unknown) => String(error),
      );
      if (failure !== '' && !failure.includes('busy')) throw new Error(failure);
      return failure === '';
    });
  }

  async #mount(): Promise<void> {
    await run('mount', ['-o', 'loop', this.#image, this.mountPoint]);
  }
}
