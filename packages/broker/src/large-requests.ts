/**
 * Requests with a large body: read and applied piece by piece, so that nobody else waits for long, and one after the other, so that of
 * every turn of the event loop only one piece is theirs. Invariants: they are done in the order in which they came; a request that is
 * about the same thing (`order`) as one that is not done yet is done behind it, however small it is; what is only of use to its
 * sender ends when the connection does; what waits is bounded in number and bytes, of all and of one connection.
 */
import type { Timers } from '@orbitmq/core/kernel';
import { createResponse, inOneTurn, type RemotingCommand, ResponseCode, type Steps } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';

export interface LargeRequestsOptions {
  readonly timers: Timers;
  /** Bytes of the smallest body that is not read at once. Default: 32 KiB, some hundred microseconds. */
  readonly largeBytesMin?: number | undefined;
  /** Requests that are not done yet. Default: 10,000. */
  readonly waitingMax?: number | undefined;
  /** Bytes of their bodies; a quarter of it for one connection. Default: 64 MiB. */
  readonly waitingBytesMax?: number | undefined;
}

export interface LargeRequestOptions {
  /** Of a body that is compressed: a small one may be much work. Default: false. */
  readonly isLarge?: boolean | undefined;
  /** Done to its end when its sender is gone, as a small one would be. Default: false. */
  readonly outlivesSender?: boolean | undefined;
}

/** Orders: of requests that change topics, and of those that change groups. */
export const topicsOrder = 'topics';
export const groupsOrder = 'groups';

/** What there is to do for a request; a promise is what is left when all is changed, such as a table to write. */
type Work = () => Steps<void | Promise<void>>;

interface Job {
  readonly connection: ServerConnection;
  /** Undefined: it is about everything. */
  readonly order: string | undefined;
  readonly sizeBytes: number;
  readonly work: Work;
  readonly outlivesSender: boolean;
  readonly resolve: (rest: void | Promise<void>) => void;
  readonly reject: (error: unknown) => void;
}

export class LargeRequests {
  readonly #timers: Timers;
  readonly #largeBytesMin: number;
  readonly #waitingMax: number;
  readonly #waitingBytesMax: number;
  /** In order; the first one is being done. */
  readonly #jobs: Job[] = [];
  #waitingBytes = 0;
  #isRunning = false;
  #isStopped = false;

  constructor({ timers, largeBytesMin, waitingMax, waitingBytesMax }: LargeRequestsOptions) {
    this.#timers = timers;
    this.#largeBytesMin = largeBytesMin ?? 32 * 1024;
    this.#waitingMax = waitingMax ?? 10_000;
    this.#waitingBytesMax = waitingBytesMax ?? 64 * 1024 * 1024;
  }

  /**
   * Does what a request asks for: at once when its body is small and nothing before it is about the same thing, else when its turn comes.
   * With too much waiting, answers 2 (SYSTEM_BUSY). `order`: what it is about. Throws, or rejects with, what `work` throws.
   */
  run(
    request: RemotingCommand,
    connection: ServerConnection,
    order: string,
    work: Work,
    options: LargeRequestOptions = {},
  ): void | Promise<void> {
    const isLarge = options.isLarge === true || (request.body?.length ?? 0) >= this.#largeBytesMin;
    if (!isLarge && !this.#isWaitedFor(order)) return inOneTurn(work());
    return this.#wait(request, connection, order, work, options.outlivesSender === true);
  }

  async start(): Promise<void> {}

  /** What is not done yet is not done any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
  }

  /** The same for a processor of small requests; those without an order are behind all that came before them, and what comes later behind them. */
  behind(
    orderOf: ((request: RemotingCommand, connection: ServerConnection) => string | undefined) | undefined,
    processor: RequestProcessor,
  ): RequestProcessor {
    return {
      process: (request, connection) => {
        if (this.#jobs.length === 0) return processor.process(request, connection);
        const order = orderOf?.(request, connection);
        if (order !== undefined && !this.#isWaitedFor(order)) return processor.process(request, connection);
        return this.#wait(request, connection, order, () => inOneStep(() => processor.process(request, connection)), true);
      },
    };
  }

  #isWaitedFor(order: string): boolean {
    return this.#jobs.length > 0 && this.#jobs.some((job) => job.order === undefined || job.order === order);
  }

  #wait(
    request: RemotingCommand,
    connection: ServerConnection,
    order: string | undefined,
    work: Work,
    outlivesSender: boolean,
  ): void | Promise<void> {
    const sizeBytes = request.body?.length ?? 0;
    if (this.#jobs.length >= this.#waitingMax || (sizeBytes > 0 && !this.#hasRoom(sizeBytes, connection))) {
      const remark = `[OVERLOAD]system busy, ${this.#jobs.length} large requests with ${this.#waitingBytes} bytes wait already`;
      connection.respond(request, createResponse(request, ResponseCode.SYSTEM_BUSY, { remark }));
      return undefined;
    }
    return new Promise((resolve, reject) => {
      this.#jobs.push({ connection, order, sizeBytes, work, outlivesSender, resolve, reject });
      this.#waitingBytes += sizeBytes;
      if (!this.#isRunning) void this.#runAll();
    });
  }

  /** One that has nothing waiting yet has room for the largest request that there is. */
  #hasRoom(sizeBytes: number, connection: ServerConnection): boolean {
    if (this.#waitingBytes + sizeBytes > this.#waitingBytesMax) return false;
    const own = this.#jobs.reduce((sum, job) => (job.connection === connection ? sum + job.sizeBytes : sum), 0);
    return own === 0 || own + sizeBytes <= this.#waitingBytesMax / 4;
  }

  /** Never rejects. */
  async #runAll(): Promise<void> {
    this.#isRunning = true;
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      await this.#runOne(job);
      this.#jobs.shift();
      this.#waitingBytes -= job.sizeBytes;
    }
    this.#isRunning = false;
  }

  async #runOne({ connection, outlivesSender, work, resolve, reject }: Job): Promise<void> {
    try {
      const steps = work();
      for (;;) {
        await new Promise<void>((next) => void this.#timers.setImmediate(next));
        // A stopped server has closed all connections, and gives up what it did not wait for.
        if (this.#isStopped || !(outlivesSender || connection.isOpen)) {
          steps.return(undefined);
          resolve();
          return;
        }
        const step = steps.next();
        if (step.done === true) {
          resolve(step.value);
          return;
        }
      }
    } catch (error) {
      reject(error);
    }
  }
}

// oxlint-disable-next-line require-yield -- it has one step
function* inOneStep(act: () => void | Promise<void>): Steps<void | Promise<void>> {
  return act();
}
