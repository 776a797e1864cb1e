import type { Stage, Target } from './stage.js';
import type { WireClient } from './wire-client.js';

/** The clients of a sequence; each has one connection to each target it talks to, made when it is needed. */
export class Actors {
  readonly #stage: Stage;
  readonly #open = new Map<string, WireClient>();
  readonly #opening = new Map<string, Promise<WireClient>>();
  readonly problems: string[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async connection(client: number, target: Target): Promise<WireClient> {
    const key = `${client} ${target}`;
    const known = this.#open.get(key);
    if (known?.isOpen === true) return known;
    // Two requests of one turn share it.
    const opening = this.#opening.get(key) ?? this.#connect(key, client, target);
    this.#opening.set(key, opening);
    return opening;
  }

  vanish(client: number, how: 'end' | 'reset'): void {
    for (const [key, connection] of this.#open) {
      if (!key.startsWith(`${client} `)) continue;
      connection.vanish(how);
      this.#forget(key, connection);
    }
  }

  vanishAll(): void {
    for (const [key, connection] of this.#open) {
      connection.vanish('reset');
      this.#forget(key, connection);
    }
  }

  /** Every other client answers what a broker asks of it. */
  async #connect(key: string, client: number, target: Target): Promise<WireClient> {
    try {
      const made = await this.#stage.connect(target, client % 2 === 0);
      const before = this.#open.get(key);
      if (before !== undefined) this.#forget(key, before);
      this.#open.set(key, made);
      return made;
    } finally {
      this.#opening.delete(key);
    }
  }

  #forget(key: string, { problems }: WireClient): void {
    this.problems.push(...problems.splice(0));
    this.#open.delete(key);
  }
}
