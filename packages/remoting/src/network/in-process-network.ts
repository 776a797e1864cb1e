/**
 * A network inside the process with the semantics of the real one and no socket: for the embedded broker and for tests on
 * virtual time. Addresses look like any other (`127.0.0.1:10911`); different instances are different networks.
 */
import type { Timers } from '@orbitmq/core/kernel';
import type { BoundListener, ByteStream, DialOptions, ListenOptions, Network } from '../byte-stream.js';
import { formatAddress, isPort, portMax, splitAddress } from './address.js';
import { createStreamPair } from './in-process-stream.js';
import { addressInUse, connectFailed, notAPort } from './network-errors.js';

export interface InProcessNetworkOptions {
  readonly timers: Timers;
  /** Above this many bytes that the other end has not taken, `write` returns false. Default: 64 KiB, as for sockets. */
  readonly highWaterBytes?: number | undefined;
}

interface Listening {
  readonly host: string;
  readonly onConnection: (stream: ByteStream) => void;
}

const loopbackAddress = '127.0.0.1';
const ephemeralPortMin = 32_768;
const highWaterBytesDefault = 64 * 1024;

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '';
}

function hostName(host: string): string {
  return host === 'localhost' || host === '::1' ? loopbackAddress : host;
}

export class InProcessNetwork implements Network {
  readonly #timers: Timers;
  readonly #highWaterBytes: number;
  /** By port: the host that was bound matters only for whom it answers. */
  readonly #listening = new Map<number, Listening>();
  #ephemeralPort = ephemeralPortMin - 1;

  constructor(options: InProcessNetworkOptions) {
    this.#timers = options.timers;
    this.#highWaterBytes = options.highWaterBytes ?? highWaterBytesDefault;
  }

  listen(options: ListenOptions, onConnection: (stream: ByteStream) => void): Promise<BoundListener> {
    const { host } = options;
    if (!isPort(options.port)) return Promise.reject(notAPort(host, options.port));
    const port = options.port === 0 ? this.#freePort() : options.port;
    if (this.#listening.has(port)) return Promise.reject(addressInUse(host, port));
    const listening: Listening = { host: hostName(host), onConnection };
    this.#listening.set(port, listening);
    return Promise.resolve({
      host,
      port,
      close: () => {
        if (this.#listening.get(port) === listening) this.#listening.delete(port);
        return Promise.resolve();
      },
    });
  }

  dial(address: string, options: DialOptions): Promise<ByteStream> {
    return new Promise((resolve, reject) => {
      const target = splitAddress(address);
      if (target === undefined) {
        reject(connectFailed(address, 'an address has the form host:port'));
        return;
      }
      // As with a socket, the answer to a dial never comes in the turn of the dial.
      this.#timers.setImmediate(() => {
        if (options.signal?.aborted === true) {
          reject(connectFailed(address, 'it was cancelled', options.signal.reason));
          return;
        }
        const host = hostName(target.host);
        const listening = this.#listening.get(target.port);
        if (listening === undefined || !(isAnyAddress(listening.host) || listening.host === host)) {
          reject(connectFailed(address, 'nobody listens there'));
          return;
        }
        const pair = createStreamPair(formatAddress(loopbackAddress, this.#freePort()), formatAddress(host, target.port), {
          timers: this.#timers,
          highWaterBytes: this.#highWaterBytes,
        });
        listening.onConnection(pair.server);
        resolve(pair.client);
      });
    });
  }

  /** Ports are handed out in turn, so that a run repeats itself. */
  #freePort(): number {
    do {
      this.#ephemeralPort = this.#ephemeralPort === portMax ? ephemeralPortMin : this.#ephemeralPort + 1;
    } while (this.#listening.has(this.#ephemeralPort));
    return this.#ephemeralPort;
  }
}
