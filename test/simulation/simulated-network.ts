/**
 * A network of several hosts on virtual time, with faults from a seed: latency and jitter, chunks cut anywhere, partitions,
 * one-way stalls, connections that break, processes that are killed, machines that lose power. Equal seeds and equal calls
 * give equal runs.
 */
import { type Clock, type Timers, TransportError } from '@orbitmq/core/kernel';
import type { BoundListener, ByteStream, DialOptions, ListenOptions, Network } from '@orbitmq/remoting';
import type { SeededRandom } from '@orbitmq/testing';
import { createSimulatedPair, type Link, type SimulatedStream } from './simulated-stream.js';

export interface SimulatedNetworkOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: SeededRandom;
  /** Travelling time of a segment, milliseconds, evenly spread. Default: 1 to 5. */
  readonly latencyMs?: { readonly min: number; readonly max: number } | undefined;
  /** How many chunks arrive in two pieces. Default: 0.1. */
  readonly splitChance?: number | undefined;
}

interface Connection {
  readonly clientHost: string;
  readonly serverHost: string;
  readonly client: SimulatedStream;
  readonly server: SimulatedStream;
}

type Accept = (stream: ByteStream) => void;

const ephemeralPortMin = 32_768;

function failure(code: 'CONNECT_FAILED' | 'ADDRESS_IN_USE', message: string): TransportError {
  return new TransportError(code, message, { outcome: 'not-sent' });
}

export class SimulatedNetwork implements Link {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly #random: SeededRandom;
  readonly #splitChance: number;
  readonly #listening = new Map<string, Accept>();
  readonly #connections = new Set<Connection>();
  /** `from>to`. */
  readonly #blocked = new Set<string>();
  readonly #waitingForHeal = new Set<() => void>();
  #latency: { readonly min: number; readonly max: number };
  #nextPort = ephemeralPortMin;

  constructor(options: SimulatedNetworkOptions) {
    this.clock = options.clock;
    this.timers = options.timers;
    this.#random = options.random;
    this.#latency = options.latencyMs ?? { min: 1, max: 5 };
    this.#splitChance = options.splitChance ?? 0.1;
  }

  /** The network as the programs on one host see it; `ip` is where they listen and where their connections come from. */
  host(ip: string): Network {
    return {
      dial: (address, options) => this.#dial(ip, address, options),
      listen: (options, onConnection) => this.#listen(ip, options, onConnection),
    };
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Nothing passes between the hosts of `left` and those of `right`, either way. Dials hang, bytes wait. */
  partition(left: readonly string[], right: readonly string[]): void {
    for (const from of left) {
      for (const to of right) {
        this.stall(from, to);
        this.stall(to, from);
      }
    }
  }

  /** Nothing passes from one host to the other; the way back is open. */
  stall(fromHost: string, toHost: string): void {
    this.#blocked.add(`${fromHost}>${toHost}`);
  }

  /** Ends partitions and stalls; what waited travels on. */
  heal(): void {
    this.#blocked.clear();
    const waiting = Array.from(this.#waitingForHeal);
    this.#waitingForHeal.clear();
    for (const proceed of waiting) proceed();
    for (const connection of this.#connections) {
      connection.client.proceed();
      connection.server.proceed();
    }
  }

  /** Breaks all connections between two hosts; both ends notice at once. Bytes on the way are lost. */
  cut(left: string, right: string): void {
    for (const connection of this.#connections) {
      const { clientHost, serverHost } = connection;
      if ((clientHost === left && serverHost === right) || (clientHost === right && serverHost === left)) {
        connection.client.breakDown();
        connection.server.breakDown();
      }
    }
  }

  setLatency(latencyMs: { readonly min: number; readonly max: number }): void {
    this.#latency = latencyMs;
  }

  /** The processes of a host are killed: they hear nothing any more, and the other ends see their connections reset. */
  kill(host: string): void {
    this.#remove(host, false);
  }

  /** The machine loses power: like `kill`, but nobody is told. */
  powerOff(host: string): void {
    this.#remove(host, true);
  }

  isBlocked(fromHost: string, toHost: string): boolean {
    return this.#blocked.has(`${fromHost}>${toHost}`);
  }

  latencyMs(): number {
    const { min, max } = this.#latency;
    return min + Math.floor(this.#random.next() * (max - min + 1));
  }

  splitAt(chunk: Buffer): number | undefined {
    return chunk.length > 1 && this.#random.chance(this.#splitChance) ? 1 + this.#random.int(chunk.length - 1) : undefined;
  }

  #remove(host: string, isSilent: boolean): void {
    for (const address of this.#listening.keys()) {
      if (address.startsWith(`${host}:`)) this.#listening.delete(address);
    }
    for (const connection of this.#connections) {
      if (connection.clientHost === host) connection.client.kill(isSilent);
      if (connection.serverHost === host) connection.server.kill(isSilent);
    }
  }

  #listen(ip: string, options: ListenOptions, onConnection: Accept): Promise<BoundListener> {
    const port = options.port === 0 ? this.#takePort() : options.port;
    const address = `${ip}:${port}`;
    if (this.#listening.has(address)) {
      return Promise.reject(failure('ADDRESS_IN_USE', `Port ${port} on ${ip} is already in use.`));
    }
    this.#listening.set(address, onConnection);
    return Promise.resolve({
      host: ip,
      port,
      close: () => {
        if (this.#listening.get(address) === onConnection) this.#listening.delete(address);
        return Promise.resolve();
      },
    });
  }

  #dial(ip: string, address: string, options: DialOptions): Promise<ByteStream> {
    const serverHost = address.slice(0, address.lastIndexOf(':'));
    return new Promise((resolve, reject) => {
      let isSettled = false;
      const settle = (): void => {
        isSettled = true;
        limit.cancel();
        options.signal?.removeEventListener('abort', onAbort);
      };
      const fail = (reason: string): void => {
        if (isSettled) return;
        settle();
        reject(failure('CONNECT_FAILED', `Cannot connect to ${address}: ${reason}.`));
      };
      const limit = this.timers.setTimeout(() => {
        fail(`no answer within ${options.timeoutMs} ms`);
      }, options.timeoutMs);
      const onAbort = (): void => {
        fail('it was cancelled');
      };
      options.signal?.addEventListener('abort', onAbort);
      const clientAddress = `${ip}:${this.#takePort()}`;
      this.#travel(ip, serverHost, () => {
        if (isSettled) return;
        const accept = this.#listening.get(address);
        if (accept === undefined) {
          this.#travel(serverHost, ip, () => {
            fail('nobody listens there');
          });
          return;
        }
        const client = this.#connect(ip, clientAddress, serverHost, address, accept);
        this.#travel(serverHost, ip, () => {
          if (isSettled) {
            client.destroy();
            return;
          }
          settle();
          resolve(client);
        });
      });
    });
  }

  /** Calls `arrive` when a packet has made its way; one that is sent into a partition waits for its end. */
  #travel(fromHost: string, toHost: string, arrive: () => void): void {
    this.timers.setTimeout(() => {
      if (!this.isBlocked(fromHost, toHost)) {
        arrive();
        return;
      }
      this.#waitingForHeal.add(() => {
        this.#travel(fromHost, toHost, arrive);
      });
    }, this.latencyMs());
  }

  #connect(clientHost: string, clientAddress: string, serverHost: string, address: string, accept: Accept): SimulatedStream {
    let openEnds = 2;
    const onGone = (): void => {
      openEnds -= 1;
      if (openEnds === 0) this.#connections.delete(connection);
    };
    const pair = createSimulatedPair(this, { host: clientHost, address: clientAddress }, { host: serverHost, address }, onGone);
    const connection: Connection = { clientHost, serverHost, ...pair };
    this.#connections.add(connection);
    accept(pair.server);
    return pair.client;
  }

  #takePort(): number {
    const port = this.#nextPort;
    this.#nextPort = port === 65_535 ? ephemeralPortMin : port + 1;
    return port;
  }
}
