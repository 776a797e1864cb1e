/**
 * Serves the remoting protocol on one or several ports (Java: NettyRemotingServer). Requests are dispatched in the order in
 * which they come in, without a queue or thread pool between: what a processor cannot do at once it finishes later, and the
 * limits of the connection hold back the sender meanwhile.
 */
import { type Environment, type MqError, StateError, type StopOptions, sleep } from '@orbitmq/core/kernel';
import { isOneway, type RemotingCommand } from '@orbitmq/protocol';
import type { BoundListener, ByteStream, Listener } from '../byte-stream.js';
import { type ConnectionLimits, connectionLimitsDefault } from '../connection/connection-limits.js';
import { ConnectionSweeper } from '../connection/connection-sweeper.js';
import { DeadlineQueue } from '../connection/deadline-queue.js';
import { type ConnectionContext, PeerConnection, type RequestHandler } from '../connection/peer-connection.js';
import { goAway, notSupported, understandsGoAway } from '../connection/refusals.js';
import type { RequestObserver } from '../connection/request-observer.js';
import { TurnFlusher } from '../connection/turn-flusher.js';
import { UnreadBytes } from '../connection/unread-bytes.js';
import type { WaitingRule } from '../connection/waiting-requests.js';
import type { RemotingServer, RequestProcessor } from '../remoting-server.js';

export interface RemotingServerOptions {
  readonly environment: Environment;
  readonly listener: Listener;
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Largest frame either way, bytes. Default: 16 MiB (RocketMQ: com.rocketmq.remoting.frameMaxLength). */
  readonly maxFrameBytes?: number | undefined;
  /** Largest header of a request, bytes; a larger one closes the connection. Default: 1 MiB. */
  readonly maxHeaderBytes?: number | undefined;
  /** Unanswered requests of one connection, held pulls included; above it, the connection is not read. Default: 16384. */
  readonly inFlightPerConnectionMax?: number | undefined;
  /** Answers that a client does not read, bytes; above it, it is cut off. Default: 16 MiB. */
  readonly writeBufferBytesMax?: number | undefined;
  /**
   * Answers that all clients together do not read, bytes; above it, a client with more than 128 KiB of them counts as behind. Default:
   * 256 MiB (RocketMQ has no limit).
   */
  readonly unreadBytesMax?: number | undefined;
  /** Default: 120000 (RocketMQ: serverChannelMaxIdleTimeSeconds). */
  readonly idleTimeoutMs?: number | undefined;
  /** Open connections; a further one is closed at once. Default: 50000. */
  readonly connectionsMax?: number | undefined;
  /** Served like `port` (RocketMQ's "fast" port, listenPort - 2). Default: none. */
  readonly additionalPorts?: readonly number[] | undefined;
  /**
   * Decides on requests that wait because their connection has too much in work or takes too few answers; asked every 50 ms, and when
   * their turn comes. Default: they wait for as long as it takes.
   */
  readonly refuseWaiting?: WaitingRule | undefined;
  /** Absent: nobody measures. */
  readonly observer?: RequestObserver | undefined;
  /** Request codes that the additional ports answer with REQUEST_CODE_NOT_SUPPORTED: pulls, in RocketMQ. Default: none. */
  readonly codesRefusedOnAdditionalPorts?: readonly number[] | undefined;
}

/** Java: whatever fits a frame. The largest that clients send is the property string, of 32,767 bytes before it is escaped. */
const maxHeaderBytesDefault = 1024 * 1024;
const unreadBytesMaxDefault = 256 * 1024 * 1024;
const connectionsMaxDefault = 50_000;
const stopDeadlineMsDefault = 5000;

class DefaultRemotingServer implements RemotingServer {
  readonly #options: RemotingServerOptions;
  readonly #environment: Environment;
  readonly #context: ConnectionContext;
  readonly #sweeper: ConnectionSweeper;
  readonly #processors = new Map<number, RequestProcessor>();
  readonly #refusedCodes: ReadonlySet<number>;
  #listeners: BoundListener[] = [];
  #state: 'new' | 'started' | 'stopping' | 'stopped' = 'new';
  #stopping: Promise<void> | undefined;
  #port = 0;
  #nextId = 1;
  #isSendingAway = false;

  constructor(options: RemotingServerOptions) {
    const { clock, timers, logger } = options.environment;
    this.#options = options;
    this.#environment = options.environment;
    this.#refusedCodes = new Set(options.codesRefusedOnAdditionalPorts);
    this.#sweeper = new ConnectionSweeper(clock, timers);
    this.#context = {
      clock,
      logger,
      limits: limitsOf(options),
      flusher: new TurnFlusher(timers),
      deadlines: new DeadlineQueue(clock, timers),
      refuseWaiting: options.refuseWaiting,
      observer: options.observer,
      unread: new UnreadBytes(options.unreadBytesMax ?? unreadBytesMaxDefault),
    };
  }

  get port(): number {
    return this.#port;
  }

  get connectionCount(): number {
    return this.#sweeper.connections.size;
  }

  registerProcessor(codes: readonly number[], processor: RequestProcessor): void {
    if (this.#state !== 'new') throw new StateError('ALREADY_STARTED', 'Processors are registered before the server starts.');
    for (const code of codes) this.#processors.set(code, processor);
  }

  sendAway(): void {
    this.#isSendingAway = true;
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') throw alreadyStarted();
    this.#state = 'started';
    const { host, port, additionalPorts = [] } = this.#options;
    try {
      const main = await this.#listen(host, port, this.#process);
      this.#port = main.port;
      for (const additionalPort of additionalPorts) await this.#listen(host, additionalPort, this.#processOnAdditionalPort);
    } catch (error) {
      await this.stop({ deadlineMs: 0 });
      throw error;
    }
  }

  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.deadlineMs ?? stopDeadlineMsDefault);
    return this.#stopping;
  }

  async #listen(host: string, port: number, handler: RequestHandler): Promise<BoundListener> {
    const listener = await this.#options.listener.listen({ host, port }, (stream) => {
      this.#accept(stream, handler);
    });
    if (this.#state !== 'started') {
      await listener.close();
      throw new StateError('STOPPED', 'The remoting server was stopped while it started.');
    }
    this.#listeners.push(listener);
    return listener;
  }

  #accept(stream: ByteStream, handler: RequestHandler): void {
    const connectionsMax = this.#options.connectionsMax ?? connectionsMaxDefault;
    if (this.#state !== 'started' || this.connectionCount >= connectionsMax) {
      if (this.#state === 'started') {
        this.#environment.logger.warn('connection refused: too many are open', { connectionsMax });
      }
      stream.destroy();
      return;
    }
    const connection = new PeerConnection(this.#nextId, stream, stream.remoteAddress, this.#context, handler);
    this.#nextId += 1;
    this.#sweeper.add(connection);
    connection.attach();
  }

  readonly #process: RequestHandler = (request, connection) => {
    const processor = this.#processors.get(request.code);
    if (this.#isSentAway(request)) connection.respond(request, goAway(request));
    else if (processor === undefined) connection.respond(request, notSupported(request));
    else return processor.process(request, connection);
  };

  readonly #processOnAdditionalPort: RequestHandler = (request, connection) => {
    if (!this.#refusedCodes.has(request.code)) return this.#process(request, connection);
    connection.respond(request, notSupported(request));
  };

  #isSentAway(request: RemotingCommand): boolean {
    return this.#isSendingAway && understandsGoAway(request) && !isOneway(request);
  }

  async #stop(deadlineMs: number): Promise<void> {
    this.#state = 'stopping';
    const { timers } = this.#environment;
    const cut = new AbortController();
    const deadline = sleep(timers, deadlineMs, cut.signal).catch(() => undefined);
    const listeners = this.#listeners;
    this.#listeners = [];
    await Promise.all(listeners.map((listener) => listener.close()));
    const connections = [...this.#sweeper.connections];
    await Promise.race([Promise.all(connections.map((connection) => connection.drain())), deadline]);
    const closed = connections.map(
      (connection) =>
        new Promise<void>((resolve) => {
          connection.onClose(resolve);
          connection.close();
        }),
    );
    await Promise.race([Promise.all(closed), deadline]);
    for (const connection of connections) connection.destroy();
    await Promise.all(closed);
    cut.abort();
    this.#context.deadlines.close();
    this.#state = 'stopped';
  }
}

function limitsOf(options: RemotingServerOptions): ConnectionLimits {
  const byDefault = connectionLimitsDefault;
  return {
    ...byDefault,
    maxFrameBytes: options.maxFrameBytes ?? byDefault.maxFrameBytes,
    maxHeaderBytes: options.maxHeaderBytes ?? maxHeaderBytesDefault,
    inFlightMax: options.inFlightPerConnectionMax ?? byDefault.inFlightMax,
    writeBufferBytesMax: options.writeBufferBytesMax ?? byDefault.writeBufferBytesMax,
    idleTimeoutMs: options.idleTimeoutMs ?? byDefault.idleTimeoutMs,
  };
}

function alreadyStarted(): MqError {
  return new StateError('ALREADY_STARTED', 'A remoting server is started once.');
}

/**
 * A server of the remoting protocol. `start()` rejects with a `TransportError` `ADDRESS_IN_USE` or `LISTEN_FAILED`.
 * `stop()` closes the ports, refuses new requests with SERVICE_NOT_AVAILABLE, waits for the answers in flight (default: at
 * most 5 s), sends them and closes the connections.
 */
export function createRemotingServer(options: RemotingServerOptions): RemotingServer {
  return new DefaultRemotingServer(options);
}
