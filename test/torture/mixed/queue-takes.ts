/** When the consumers of a run took which queue, as they log it: every message lies once in what a consumer reads from one take to the next. */
import { type Clock, type LogFields, type Logger, silentLogger } from '@orbitmq/core/kernel';
import type { Delivery } from '../../simulation/history.js';

export interface QueueTake {
  readonly atMs: number;
  readonly startOffset: number;
}

/** What the client of transport-tcp says when it begins to read a queue, with these fields and that of its group. */
const takeMessage = 'consuming a queue';

export class QueueTakes {
  readonly #takes = new Map<string, QueueTake[]>();

  /** For the environment of a process. */
  logger(process: string, clock: Clock): Logger {
    return this.#logger(process, clock, {});
  }

  note(group: string, process: string, queue: string, take: QueueTake): void {
    const key = `${group} ${process} ${queue}`;
    const takes = this.#takes.get(key);
    if (takes === undefined) this.#takes.set(key, [take]);
    else takes.push(take);
  }

  /** The take by which the consumer of a delivery held its queue; undefined when it said of none. */
  of({ group, process, queue, startedAtMs }: Delivery): QueueTake | undefined {
    return this.#takes.get(`${group} ${process} ${queue}`)?.findLast(({ atMs }) => atMs <= startedAtMs);
  }

  #logger(process: string, clock: Clock, bound: LogFields): Logger {
    return {
      ...silentLogger,
      info: (message, fields) => {
        if (message !== takeMessage) return;
        const { group, queue, startOffset } = { ...bound, ...fields };
        this.note(String(group), process, String(queue), { atMs: clock.monotonic(), startOffset: Number(startOffset) });
      },
      child: (fields) => this.#logger(process, clock, { ...bound, ...fields }),
    };
  }
}
