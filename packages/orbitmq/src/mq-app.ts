import {
  type Middleware,
  MqRuntime,
  type RuntimeOptions,
  type Transport,
  type TransportFeatures,
  type TransportScheme,
  unknownOptionProblems,
} from '@orbitmq/core';
import {
  ConfigError,
  type Environment,
  type Lifecycle,
  type Logger,
  type PlainLogger,
  type StopOptions,
} from '@orbitmq/core/kernel';
import type { AbstractClass, Token } from '@orbitmq/decorators';
import { mqModule, type Provider, readContainer } from '@orbitmq/decorators/inversify';
import { type EmbeddedTransportOptions, embeddedTransport } from '@orbitmq/transport-embedded';
import { type RocketmqTransportOptions, rocketmqTransport } from '@orbitmq/transport-tcp';
import { Container, type ServiceIdentifier } from 'inversify';

export interface MqAppOptions {
  /**
   * Which transport, and where: `embedded:` (this process, RAM), `embedded:./dir` (this process, durable),
   * `rocketmq://host:9876;host2:9876` (an OrbitMQ or Apache RocketMQ cluster). Default: the environment variable `MQ_URL`
   * unless that is empty, then `embedded:`. Options win over the URL's parameters, these over the environment. An empty `url`
   * is refused with `URL_INVALID`: whoever names a place and gives none would hardly want a broker in memory.
   */
  readonly url?: string | undefined;
  /** Producers, consumers, listeners and the services they need. */
  readonly providers?: readonly Provider[] | undefined;
  /** An inversify container of the caller's; modules made by `mqModule` are found in it. Default: a new one. */
  readonly container?: Container | undefined;
  /** Layers around every handler and every send; the first is the outermost. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** Default: warnings and errors on the standard error stream. `console` will do; a `child` of its own is used when it has one. */
  readonly logger?: Logger | PlainLogger | undefined;
  /** Clock, timers and chance; default: the real ones. */
  readonly environment?: Environment | undefined;
  /** A transport of the caller's, instead of one made from `url`. The application starts and stops it. */
  readonly transport?: Transport | undefined;
  /** More schemes for `url`, or others in the place of the built-in ones. */
  readonly schemes?: readonly TransportScheme[] | undefined;
  /** Used when `url` is an `embedded:` one. */
  readonly embedded?: EmbeddedTransportOptions | undefined;
  /** Used when `url` is a `rocketmq:` one. */
  readonly rocketmq?: RocketmqTransportOptions | undefined;
}

const names: Readonly<Record<keyof MqAppOptions, true>> = {
  url: true,
  providers: true,
  container: true,
  middleware: true,
  logger: true,
  environment: true,
  transport: true,
  schemes: true,
  embedded: true,
  rocketmq: true,
};

/** An application: its objects, and the transport that joins them. */
export interface MqApp extends Lifecycle {
  /**
   * Checks the wiring, makes the objects, connects. When it resolves, producers send and consumers receive. Rejects, with
   * nothing left running, with a `ConfigError` (`WIRING_INVALID` lists everything that is wrong, `URL_SCHEME_UNKNOWN`,
   * `URL_INVALID`), the transport's own error, or a `StateError`: `ALREADY_STARTED` for a second call, `STOPPED` after
   * `stop()`, also when that came while it was starting. An application starts once; for another life make another one.
   */
  start(): Promise<void>;
  /**
   * Stops pulling, lets handlers finish within `deadlineMs` (default 10 s), stores what they acknowledged, closes, and, if
   * the container is the application's own, tells its objects (inversify: `@preDestroy`). Idempotent, and right at any time:
   * before `start()`, which is refused from then on; during `start()`, which it lets end and which then rejects with `STOPPED`;
   * after a `start()` that failed, to tell the objects that were made for it.
   */
  stop(options?: StopOptions): Promise<void>;
  /** The object of a class or token. Throws a `ConfigError` for an unknown one. */
  get<T>(name: AbstractClass<T> | Token<T>): T;
  /** What the transport declares; undefined before `start()`. */
  readonly features: TransportFeatures | undefined;
}

/**
 * Puts an application together. Nothing is made or opened before `start()`, which also checks the wiring. Rejects with a
 * `ConfigError` for an entry of `providers` that is no provider, and for a logger that is none.
 */
export async function createMqApp(options: MqAppOptions = {}): Promise<MqApp> {
  const container = options.container ?? new Container();
  if (options.providers !== undefined) await container.loadAsync(mqModule(options.providers));
  const runtime = new MqRuntime({ ...options, schemes: schemesOf(options) } satisfies RuntimeOptions, () => {
    const { components, problems } = readContainer(container);
    return { components, problems: [...optionProblems(options), ...problems] };
  });
  return new ContainerApp(runtime, container, options.container === undefined);
}

function optionProblems(options: MqAppOptions): string[] {
  return unknownOptionProblems(options, Object.keys(names)).map((problem) => `createMqApp: ${problem}`);
}

/** The built-in schemes, behind those of the caller. */
function schemesOf(options: MqAppOptions): readonly TransportScheme[] {
  const own = options.schemes ?? [];
  const builtIn = [embeddedTransport(options.embedded), rocketmqTransport(options.rocketmq)];
  return [...own, ...builtIn.filter(({ scheme }) => !own.some((other) => other.scheme === scheme))];
}

class ContainerApp implements MqApp {
  readonly #runtime: MqRuntime;
  readonly #container: Container;
  readonly #isOwnContainer: boolean;
  #stopping: Promise<void> | undefined;

  constructor(runtime: MqRuntime, container: Container, isOwnContainer: boolean) {
    this.#runtime = runtime;
    this.#container = container;
    this.#isOwnContainer = isOwnContainer;
  }

  get features(): TransportFeatures | undefined {
    return this.#runtime.features;
  }

  start(): Promise<void> {
    return this.#runtime.start();
  }

  stop(options?: StopOptions): Promise<void> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  async #stop(options: StopOptions | undefined): Promise<void> {
    try {
      await this.#runtime.stop(options);
    } finally {
      if (this.#isOwnContainer) await this.#container.unbindAllAsync();
    }
  }

  get<T>(name: AbstractClass<T> | Token<T>): T {
    const identifier = name as ServiceIdentifier<T>;
    if (this.#container.isBound(identifier)) return this.#container.get(identifier);
    const text = typeof name === 'symbol' ? String(name.description) : name.name;
    throw new ConfigError('WIRING_INVALID', `The application has no ${text}: add it to the providers`);
  }
}
