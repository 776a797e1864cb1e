/**
 * The application runtime: takes records, checks them, makes their objects, joins them to a transport, and starts and stops
 * it. Decorators, containers and frameworks are outside; they give components.
 */

import { completeLogger, type PlainLogger } from '../kernel/complete-logger.js';
import type { Environment } from '../kernel/environment.js';
import { ConfigError, StateError } from '../kernel/errors.js';
import type { Lifecycle, StopOptions } from '../kernel/lifecycle.js';
import type { Logger } from '../kernel/logger.js';
import type { Middleware } from '../middleware/middleware.js';
import type { BoundProducer } from '../producer/bound-producer.js';
import type { TransportFeatures } from '../transport/features.js';
import type { Transport } from '../transport/transport.js';
import { featureProblems } from '../wiring/check-features.js';
import { wiringProblems } from '../wiring/check-wiring.js';
import type { Component } from '../wiring/component.js';
import { bindConsumer } from './bind-consumer.js';
import { bindProducers } from './bind-producers.js';
import { environmentOfProcess, urlOfProcess } from './process-environment.js';
import { resolveComponents } from './resolve-components.js';
import { createTransport, type TransportScheme } from './transport-scheme.js';
import { wiringError } from './wiring-error.js';

/** Used when neither the option nor `MQ_URL` is there: the broker in this process, in memory. */
const urlByDefault = 'embedded:';

/** How long `stop()` waits for handlers when it is not told. */
const stopDeadlineMsByDefault = 10_000;

export interface RuntimeOptions {
  /** Which transport, and where. Default: the environment variable `MQ_URL` unless it is empty, then `embedded:`. An empty `url` is an error. */
  readonly url?: string | undefined;
  /** The transports that `url` can name. */
  readonly schemes: readonly TransportScheme[];
  /** A transport of the caller's instead of one made from `url`; the runtime starts and stops it. */
  readonly transport?: Transport | undefined;
  readonly middleware?: readonly Middleware[] | undefined;
  /** Default: warnings and errors go to the standard error stream. One without `child` will do, `console` for example. */
  readonly logger?: Logger | PlainLogger | undefined;
  /** Clock, timers and chance; default: the real ones. Its logger is used unless `logger` is given. */
  readonly environment?: Environment | undefined;
}

export interface Wiring {
  readonly components: readonly Component[];
  /** What whoever read the components found wrong with them. */
  readonly problems: readonly string[];
}

type State = 'new' | 'starting' | 'started' | 'failed' | 'stopping' | 'stopped';

/** Why an application in this state does not start. */
const refusals: Readonly<Record<Exclude<State, 'new'>, string>> = {
  starting: 'is starting already',
  started: 'has been started already',
  failed: 'failed to start',
  stopping: 'is stopping',
  stopped: 'was stopped',
};

export class MqRuntime implements Lifecycle {
  readonly #options: RuntimeOptions;
  readonly #readWiring: () => Wiring;
  readonly #environment: Environment;
  #state: State = 'new';
  #transport: Transport | undefined;
  #producers: readonly BoundProducer[] = [];
  #isTransportStarted = false;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** `readWiring` is called once, by `start()`. Throws a `ConfigError` for a logger that is none. */
  constructor(options: RuntimeOptions, readWiring: () => Wiring) {
    this.#options = options;
    this.#readWiring = readWiring;
    this.#environment = environmentOf(options);
  }

  /** What the transport declares; undefined before `start()`. */
  get features(): TransportFeatures | undefined {
    return this.#transport?.features;
  }

  /**
   * Checks the wiring, makes the objects, starts the transport; when it resolves, producers send and consumers receive.
   * Rejects, with nothing left running, with a `ConfigError` (`WIRING_INVALID` has the whole list, `URL_SCHEME_UNKNOWN`,
   * `URL_INVALID`), the transport's own error, or a `StateError`: `ALREADY_STARTED` for a second call, `STOPPED` after
   * `stop()`, also when that came while it was starting.
   */
  start(): Promise<void> {
    const state = this.#state;
    if (state !== 'new') {
      const code = state === 'starting' || state === 'started' ? 'ALREADY_STARTED' : 'STOPPED';
      return Promise.reject(new StateError(code, `The application ${refusals[state]}; it starts once: make a new one`));
    }
    this.#state = 'starting';
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    try {
      const transport = this.#createTransport();
      this.#transport = transport;
      await this.#wire(transport);
      this.#mustNotBeStopping();
      await transport.start();
      this.#isTransportStarted = true;
      this.#mustNotBeStopping();
      this.#state = 'started';
      this.#environment.logger.info('application started', {
        transport: transport.name,
        durability: transport.features.durability,
      });
    } catch (error) {
      if (this.#state === 'starting') this.#state = 'failed';
      // Handlers that a stop lets finish may send until they are done.
      if (!this.#isTransportStarted) this.#closeProducers();
      throw error;
    }
  }

  /** Whoever waits for the start must not go on as if producers would send. */
  #mustNotBeStopping(): void {
    if (this.#state === 'starting') return;
    throw new StateError('STOPPED', 'The application was stopped while it was starting');
  }

  #closeProducers(): void {
    for (const producer of this.#producers) producer.close();
  }

  /**
   * Stops pulling, lets handlers finish within `deadlineMs` (default 10 s), stores what they acknowledged, and closes.
   * Producers work until the handlers are done. Idempotent, and allowed at any time: before `start()` it makes the application
   * one that never starts; during `start()` it waits for that to end, which then rejects with `STOPPED`; after a `start()` that
   * failed there is nothing left to do.
   */
  stop(options: StopOptions = {}): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping;
    this.#state = 'stopping';
    this.#stopping = this.#stop(options);
    return this.#stopping;
  }

  async #stop(options: StopOptions): Promise<void> {
    // A start that failed has told its caller why, and its transport has released everything.
    await this.#starting?.catch(() => undefined);
    try {
      if (this.#isTransportStarted) {
        await this.#transport?.stop({ deadlineMs: options.deadlineMs ?? stopDeadlineMsByDefault });
        this.#environment.logger.info('application stopped');
      }
    } finally {
      this.#closeProducers();
      this.#state = 'stopped';
    }
  }

  #createTransport(): Transport {
    const { transport, url, schemes } = this.#options;
    if (transport !== undefined) return transport;
    if (url !== undefined && url.trim() === '') throw emptyUrl();
    return createTransport(url ?? urlOfProcess() ?? urlByDefault, schemes, this.#environment);
  }

  async #wire(transport: Transport): Promise<void> {
    const { components, problems } = this.#readWiring();
    const all = [...problems, ...wiringProblems(components), ...featureProblems(components, transport)];
    if (all.length > 0) throw wiringError(all);
    const resolved = await resolveComponents(components);
    const { middleware = [] } = this.#options;
    const environment = this.#environment;
    const producers = resolved.filter((component) => component.kind === 'producer');
    const listeners = resolved.filter((component) => component.kind === 'transaction');
    this.#producers = bindProducers(producers, listeners, { transport, environment, middleware });
    for (const component of resolved) {
      if (component.kind === 'consumer') bindConsumer(component, { transport, logger: environment.logger, middleware });
    }
  }
}

function environmentOf({ environment, logger: given }: RuntimeOptions): Environment {
  const logger = given === undefined ? undefined : completeLogger(given);
  if (environment === undefined) return environmentOfProcess(logger);
  return { ...environment, logger: logger ?? completeLogger(environment.logger) };
}

/** In memory without a word would be the wrong guess for somebody whose configuration came out empty. */
function emptyUrl(): ConfigError {
  const remedy =
    "leave it out, or pass undefined, to use MQ_URL or else 'embedded:'; or name a transport, as in 'embedded:./data'";
  return new ConfigError('URL_INVALID', `The option url is empty: ${remedy}`);
}
