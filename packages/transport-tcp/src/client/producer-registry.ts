import type { CheckTransactionHandler } from './client-instance.js';

interface Registration {
  count: number;
  handler: CheckTransactionHandler | undefined;
}

/** Producer groups of this client; several producers may share a group, the first one with a listener answers its checks. */
export class ProducerRegistry {
  readonly #byGroup = new Map<string, Registration>();

  add(group: string, handler: CheckTransactionHandler | undefined): void {
    const known = this.#byGroup.get(group);
    if (known === undefined) {
      this.#byGroup.set(group, { count: 1, handler });
      return;
    }
    known.count++;
    known.handler ??= handler;
  }

  /** Returns whether that was the last producer of the group. */
  remove(group: string): boolean {
    const known = this.#byGroup.get(group);
    if (known === undefined) return false;
    known.count--;
    return known.count === 0 && this.#byGroup.delete(group);
  }

  handlerOf(group: string): CheckTransactionHandler | undefined {
    return this.#byGroup.get(group)?.handler;
  }

  groups(): string[] {
    return [...this.#byGroup.keys()];
  }
}
