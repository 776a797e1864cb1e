/** What happened in the shop, told to the reader at once, and to steps that wait for it. */
export interface Entry {
  readonly who: string;
  /** Order or customer. */
  readonly about: string;
  readonly what: string;
}

export class Journal {
  readonly run: string;
  readonly entries: Entry[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(run: string) {
    this.run = run;
  }

  write(who: string, about: string, what: string): void {
    this.entries.push({ who, about, what });
    console.log(`    ${who.padEnd(10)} ${about}: ${what}`);
    for (const look of this.#waiting) look();
  }

  of(who: string): readonly Entry[] {
    return this.entries.filter((entry) => entry.who === who);
  }

  /** Resolves as soon as `isThere`; rejects when the step's time is over. */
  until(isThere: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(look);
        signal.removeEventListener('abort', onAbort);
      };
      const look = (): void => {
        if (!isThere()) return;
        end();
        resolve();
      };
      const onAbort = (): void => {
        end();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort);
      this.#waiting.add(look);
      look();
    });
  }
}
