import { StoreError } from '@orbitmq/core/kernel';
import type { NameServerFiles } from '../nameserver/name-server-files.js';

/** Files of a NameServer in memory; writes can be held back or refused. */
export class MemoryFiles implements NameServerFiles {
  readonly contents = new Map<string, Buffer>();
  writeCount = 0;
  isRefusing = false;
  #held: (() => void)[] | undefined;

  /** From now on writes wait for `release()`. */
  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const resume of held) resume();
  }

  text(path: string): string | undefined {
    return this.contents.get(path)?.toString('utf8');
  }

  readFile(path: string): ReturnType<NameServerFiles['readFile']> {
    return Promise.resolve(this.contents.get(path));
  }

  async writeFileAtomically(path: string, content: Uint8Array): Promise<void> {
    if (this.#held !== undefined) await new Promise<void>((resolve) => this.#held?.push(resolve));
    if (this.isRefusing) throw new StoreError('STORE_IO_FAILED', `${path} cannot be written`);
    this.writeCount += 1;
    this.contents.set(path, Buffer.from(content));
  }

  async makeDirectory(): Promise<void> {}
}
