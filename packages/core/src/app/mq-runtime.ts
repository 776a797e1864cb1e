/**
 * The application runtime: takes records, checks them, makes their objects, joins them to a transport, and starts and stops
 * it. Decorators, containers and frameworks are outside; they give components.
 */

import type { Environment } from '../kernel/environment.js';
import { StateError } from '../kernel/errors.js';
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
  /** Which transport, and where. Default: the environment variable `MQ_URL`, then `embedded:`. */
  readonly url?: string | undefined;
  /** The transports that `url` can name. */
  readonly schemes: readonly TransportScheme[];
  /** A transport of the caller's instead of one made from `url`; the runtime starts and stops it. */
  readonly transport?: Transport | undefined;
  readonly middleware?: readonly Middleware[] | undefined;
  /** Default: warnings and errors go to the standard error stream. */
  readonly logger?: Logger | undefined;
  /** Clock, timers and chance; default: the real ones. Its logger is used unless `logger` is given. */
  readonly environment?: Environment | undefined;
}

export interface Wiring {
  readonly components: readonly Component[];
  /** What whoever read the components found wrong with them. */
  readonly problems: readonly string[];
}

type State = 'new' | 'starting' | 'started' | 'stopped';

export class MqRuntime implements Lifecycle {
  readonly #options: RuntimeOptions;
  readonly #readWiring: () => Wiring;
  readonly #environment: Environment;
  #state: State = 'new';
  #transport: Transport | undefined;
  #producers: readonly BoundProducer[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** `readWiring` is called once, by `start()`. */
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
   * `URL_INVALID`) or the transport's own error.
   */
  start(): Promise<void> {
    if (this.#state !== 'new') {
      const code = this.#state === 'stopped' ? 'STOPPED' : 'ALREADY_STARTED';
      return Promise.reject(new StateError(code, `The application is ${this.#state}; it starts once`));
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
      await transport.start();
      if (this.#state === 'starting') this.#state = 'started';
      this.#environment.logger.info('application started', {
        transport: transport.name,
        durability: transport.features.durability,
      });
    } catch (error) {
      this.#state = 'stopped';
      for (const producer of this.#producers) producer.close();
      throw error;
    }
  }

  /**
   * Stops pulling, lets handlers finish within `deadlineMs` (default 10 s), stores what they acknowledged, and closes.
   * Producers work until the handlers are done. Idempotent.
   */
  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  async #stop(options: StopOptions): Promise<void> {
    const hasStarted = await this.#hasStarted();
    this.#state = 'stopped';
    if (!hasStarted) return;
    await this.#transport?.stop({ deadlineMs: options.deadlineMs ?? stopDeadlineMsByDefault });
    for (const producer of this.#producers) producer.close();
    this.#environment.logger.info('application stopped');
  }

  /** A start that failed has told its caller why, and has released everything. */
  async #hasStarted(): Promise<boolean> {
    if (this.#starting === undefined) return false;
    return this.#starting.then(
      () => true,
      () => false,
    );
  }

  #createTransport(): Transport {
    const { transport, url, schemes } = this.#options;
    return transport ?? createTransport(url ?? urlOfProcess() ?? urlByDefault, schemes, this.#environment);
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

function environmentOf({ environment, logger }: RuntimeOptions): Environment {
  if (environment === undefined) return environmentOfProcess(logger);
  return logger === undefined ? environment : { ...environment, logger };
}
