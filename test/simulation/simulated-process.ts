import type { Clock, Environment, Timer, Timers } from '@orbitmq/core/kernel';
import type { ByteStream, ByteStreamHandlers, DialOptions, ListenOptions, Network } from '@orbitmq/remoting';
import type { SeededRandom, VirtualTime } from '@orbitmq/testing';
import type { SimulatedNetwork } from './simulated-network.js';
import type { Trace } from './trace.js';

export interface SimulatedProcessOptions {
  /** Unlike any other process's of the run. */
  readonly name: string;
  readonly host: string;
  readonly time: VirtualTime;
  readonly network: SimulatedNetwork;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly machineClock: MachineClock;
}

/** The wall clock of a machine, which its processes share. */
export interface MachineClock {
  /** How far it is ahead, milliseconds. */
  offsetMs: number;
}

const neverFired: Timer = { cancel: () => undefined, unref: () => neverFired };

/**
 * One program on one host: the environment and the network it runs on. It can be killed and paused. Once it is killed its timers fire no more and its
 * connections say nothing to it, so none of its code runs again: promises that wait stay pending, as they do in a process
 * that is gone.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly host: string;
  readonly environment: Environment;
  readonly network: Network;
  /** Resolves when the process is killed. */
  readonly ended: Promise<void>;
  readonly #options: SimulatedProcessOptions;
  readonly #onEnd: () => void;
  #isAlive = true;
  #isPaused = false;
  /** What happened to it while it was paused. */
  readonly #backlog: (() => void)[] = [];

  constructor(options: SimulatedProcessOptions) {
    const { time, random, name, host, trace } = options;
    this.#options = options;
    let onEnd = (): void => undefined;
    this.ended = new Promise((resolve) => {
      onEnd = resolve;
    });
    this.#onEnd = onEnd;
    this.name = name;
    this.host = host;
    const { machineClock } = options;
    const clock: Clock = { now: () => time.now() + machineClock.offsetMs, monotonic: () => time.monotonic() };
    this.environment = { clock, timers: this.#mortalTimers(time), random: random.fork(name), logger: trace.logger(name) };
    this.network = this.#mortalNetwork(options.network.host(host));
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Ends at once, without a goodbye. `isSilent`: the machine lost power, so the other ends of its connections hear nothing. */
  kill(isSilent: boolean): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    const { network, trace } = this.#options;
    trace.note(this.name, isSilent ? 'loses power' : 'is killed');
    if (isSilent) network.powerOff(this.host);
    else network.kill(this.host);
    this.#onEnd();
  }

  /** Stands still, as after SIGSTOP: what happens to it waits. */
  pause(): void {
    this.#isPaused = true;
    this.#options.trace.note(this.name, 'is paused');
  }

  /** Goes on: first with what has waited. */
  resume(): void {
    const { time, trace } = this.#options;
    if (!this.#isPaused) return;
    trace.note(this.name, 'goes on');
    const catchUp = (): void => {
      const next = this.#backlog.shift();
      if (next === undefined) {
        this.#isPaused = false;
        return;
      }
      if (this.#isAlive) next();
      time.setImmediate(catchUp);
    };
    catchUp();
  }

  /** What a program does, as seen from outside: resolves too when the process ends before it has done it. */
  async whileAlive(work: Promise<unknown>): Promise<void> {
    await Promise.race([work, this.ended]);
  }

  /** The only way into the program's code. */
  #enter(callback: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isPaused) this.#backlog.push(callback);
    else callback();
  }

  #mortalTimers(timers: Timers): Timers {
    const guarded =
      (schedule: (callback: () => void) => Timer) =>
      (callback: () => void): Timer => {
        if (!this.#isAlive) return neverFired;
        let isCancelled = false;
        const timer = schedule(() => {
          this.#enter(() => {
            if (!isCancelled) callback();
          });
        });
        const handle: Timer = {
          cancel: () => {
            isCancelled = true;
            timer.cancel();
          },
          unref: () => {
            timer.unref();
            return handle;
          },
        };
        return handle;
      };
    return {
      setTimeout: (callback, delayMs) => guarded((fire) => timers.setTimeout(fire, delayMs))(callback),
      setInterval: (callback, periodMs) => guarded((fire) => timers.setInterval(fire, periodMs))(callback),
      setImmediate: (callback) => guarded((fire) => timers.setImmediate(fire))(callback),
    };
  }

  #mortalNetwork(network: Network): Network {
    return {
      dial: (address: string, options: DialOptions) =>
        new Promise((resolve, reject) => {
          network.dial(address, options).then(
            (stream) => {
              if (!this.#isAlive) stream.destroy();
              this.#enter(() => {
                resolve(this.#traced(stream));
              });
            },
            (error: unknown) => {
              this.#enter(() => {
                reject(error as Error);
              });
            },
          );
        }),
      listen: (options: ListenOptions, onConnection) =>
        network.listen(options, (stream) => {
          this.#enter(() => {
            onConnection(this.#traced(stream));
          });
        }),
    };
  }

  #traced(stream: ByteStream): ByteStream {
    const label = `${this.name} ${stream.localAddress}>${stream.remoteAddress}`;
    return new TracedStream(stream, this.#options.trace, label, (callback) => this.#enter(callback));
  }
}

/** A stream whose outgoing bytes are part of the trace, and whose events wait while its process stands still. */
class TracedStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #trace: Trace;
  readonly #label: string;
  readonly #enter: (callback: () => void) => void;

  constructor(stream: ByteStream, trace: Trace, label: string, enter: (callback: () => void) => void) {
    this.#stream = stream;
    this.#trace = trace;
    this.#label = label;
    this.#enter = enter;
  }

  get remoteAddress(): string {
    return this.#stream.remoteAddress;
  }

  get localAddress(): string {
    return this.#stream.localAddress;
  }

  get pendingWriteBytes(): number {
    return this.#stream.pendingWriteBytes;
  }

  attach(handlers: ByteStreamHandlers): void {
    this.#stream.attach({
      onData: (chunk) => this.#enter(() => handlers.onData(chunk)),
      onDrain: () => this.#enter(() => handlers.onDrain()),
      onClose: (error) => this.#enter(() => handlers.onClose(error)),
    });
  }

  write(chunks: readonly Buffer[]): boolean {
    this.#trace.bytes(this.#label, chunks);
    return this.#stream.write(chunks);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
