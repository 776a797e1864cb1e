/**
 * Calls servers of the remoting protocol (Java: NettyRemotingClient). One connection per address, opened by the first call
 * and again by the first one after it is gone. Invariant: every call settles at its deadline at the latest, whatever the
 * other end does, since the deadline hangs on nothing but the clock.
 */
import { setMaxListeners } from 'node:events';
import { type Environment, invariant, StateError, type StopOptions, sleep } from '@orbitmq/core/kernel';
import { isOneway, type RemotingCommand } from '@orbitmq/protocol';
import type { ByteStream, Dialer } from '../byte-stream.js';
import { CommandCall } from '../connection/command-call.js';
import { type ConnectionLimits, connectionLimitsDefault } from '../connection/connection-limits.js';
import { ConnectionSweeper } from '../connection/connection-sweeper.js';
import { DeadlineQueue } from '../connection/deadline-queue.js';
import { type ConnectionContext, PeerConnection, type RequestHandler } from '../connection/peer-connection.js';
import { notSupported, systemError } from '../connection/refusals.js';
import { TurnFlusher } from '../connection/turn-flusher.js';
import type { ClientRequestHandler, InvokeOptions, RemotingCall, RemotingClient } from '../remoting-client.js';
import { asTransportError, FrameCall } from './frame-call.js';
import { ServerLink } from './server-link.js';

export interface RemotingClientOptions {
  readonly environment: Environment;
  readonly dialer: Dialer;
  /** Default: 3000 (RocketMQ: connectTimeoutMillis). */
  readonly connectTimeoutMs?: number | undefined;
  /** Default: 120000 (RocketMQ: clientChannelMaxIdleTimeSeconds). */
  readonly idleTimeoutMs?: number | undefined;
  /** Largest frame either way, bytes. Default: 16 MiB. */
  readonly maxFrameBytes?: number | undefined;
  /** Calls that wait for an answer on one connection; one more fails at once with `TOO_MANY_REQUESTS`. Default: 65535 (RocketMQ: clientAsyncSemaphoreValue). */
  readonly inFlightPerConnectionMax?: number | undefined;
  /** Requests that the network has not taken yet, bytes on one connection; above it calls fail with `TOO_MANY_REQUESTS`. Default: 64 MiB. */
  readonly writeBufferBytesMax?: number | undefined;
}

const connectTimeoutMsDefault = 3000;
const writeBufferBytesMaxDefault = 64 * 1024 * 1024;
/** RocketMQ's default time limit of a send: silence for as long is not a slow answer. */
const silenceMsMax = 3000;
const stopDeadlineMsDefault = 3000;

class DefaultRemotingClient implements RemotingClient {
  readonly #options: RemotingClientOptions;
  readonly #context: ConnectionContext;
  readonly #sweeper: ConnectionSweeper;
  readonly #links = new Map<string, ServerLink>();
  readonly #handlers = new Map<number, ClientRequestHandler>();
  readonly #closeListeners: ((address: string) => void)[] = [];
  readonly #stopDials = new AbortController();
  #state: 'new' | 'started' | 'stopped' = 'new';
  #stopping: Promise<void> | undefined;
  #nextId = 1;

  constructor(options: RemotingClientOptions) {
    const { clock, timers, logger } = options.environment;
    this.#options = options;
    this.#sweeper = new ConnectionSweeper(clock, timers);
    // Every dial listens to it; their number is that of the addresses, and Node would take more than ten for a leak.
    setMaxListeners(0, this.#stopDials.signal);
    this.#context = {
      clock,
      logger,
      limits: limitsOf(options),
      flusher: new TurnFlusher(timers),
      deadlines: new DeadlineQueue(clock, timers),
    };
  }

  start(): Promise<void> {
    if (this.#state !== 'new') return Promise.reject(new StateError('ALREADY_STARTED', 'A remoting client is started once.'));
    this.#state = 'started';
    return Promise.resolve();
  }

  registerHandler(code: number, handler: ClientRequestHandler): void {
    if (this.#state !== 'new') throw new StateError('ALREADY_STARTED', 'Handlers are registered before the client starts.');
    this.#handlers.set(code, handler);
  }

  onConnectionClose(listener: (address: string) => void): void {
    this.#closeListeners.push(listener);
  }

  invoke(address: string, request: RemotingCommand, options: InvokeOptions): Promise<RemotingCommand> {
    invariant(!isOneway(request), 'a two-way request does not say that it is one-way');
    // The answer of a two-way call is never undefined.
    return this.#call(address, request, options) as Promise<RemotingCommand>;
  }

  invokeOneway(address: string, request: RemotingCommand, options: InvokeOptions): Promise<void> {
    invariant(isOneway(request), 'a one-way request says so in its flag');
    return this.#call(address, request, options) as Promise<undefined>;
  }

  invokeFrame(address: string, call: RemotingCall, timeoutMs: number): void {
    const refusal = this.#refusalOf(undefined);
    if (refusal !== undefined) {
      call.onFailure(asTransportError(refusal));
      return;
    }
    const { clock, deadlines } = this.#context;
    this.#linkTo(address).send(new FrameCall(call, timeoutMs, deadlines, clock.monotonic()));
  }

  #call(address: string, request: RemotingCommand, options: InvokeOptions): Promise<RemotingCommand | undefined> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusalOf(options.signal);
      if (refusal !== undefined) {
        reject(refusal);
        return;
      }
      const { clock, deadlines } = this.#context;
      this.#linkTo(address).send(new CommandCall(request, options, deadlines, clock.monotonic(), resolve, reject));
    });
  }

  #refusalOf(signal: AbortSignal | undefined): unknown {
    if (this.#state === 'new') return new StateError('NOT_STARTED', 'The remoting client has not been started.');
    if (this.#state === 'stopped') return new StateError('STOPPED', 'The remoting client has been stopped.');
    return signal?.aborted === true ? signal.reason : undefined;
  }

  #linkTo(address: string): ServerLink {
    const known = this.#links.get(address);
    if (known !== undefined) return known;
    const link = new ServerLink({
      address,
      waitingMax: this.#context.limits.callsMax,
      logger: this.#context.logger,
      dial: this.#dial,
      open: this.#open,
      onUnused: () => {
        if (this.#links.get(address) === link) this.#links.delete(address);
      },
    });
    this.#links.set(address, link);
    return link;
  }

  readonly #dial = (address: string): Promise<ByteStream> => {
    const timeoutMs = this.#options.connectTimeoutMs ?? connectTimeoutMsDefault;
    return this.#options.dialer.dial(address, { timeoutMs, signal: this.#stopDials.signal });
  };

  readonly #open = (stream: ByteStream, address: string): PeerConnection => {
    const connection = new PeerConnection(this.#nextId, stream, address, this.#context, this.#answer);
    this.#nextId += 1;
    this.#sweeper.add(connection);
    connection.onClose(() => {
      if (this.#links.get(address)?.isUnused === true) this.#links.delete(address);
      for (const listener of this.#closeListeners) listener(address);
    });
    connection.attach();
    if (this.#state === 'stopped') connection.destroy();
    return connection;
  };

  /** Serves a request of the other end; a handler that promises nothing costs no promise. */
  readonly #answer: RequestHandler = (request, connection) => {
    const handler = this.#handlers.get(request.code);
    if (handler === undefined) {
      connection.respond(request, notSupported(request));
      return undefined;
    }
    const response = handler(request, connection.peerAddress);
    if (response instanceof Promise) {
      return response.then((late) => {
        answerWith(request, late, connection);
      });
    }
    answerWith(request, response, connection);
    return undefined;
  };

  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.deadlineMs ?? stopDeadlineMsDefault);
    return this.#stopping;
  }

  async #stop(deadlineMs: number): Promise<void> {
    this.#state = 'stopped';
    const cut = new AbortController();
    const deadline = sleep(this.#options.environment.timers, deadlineMs, cut.signal).catch(() => undefined);
    this.#stopDials.abort(new StateError('STOPPED', 'The remoting client has been stopped.'));
    const stopped = new StateError('STOPPED', 'The remoting client was stopped before the request was sent.');
    for (const link of this.#links.values()) link.failWaiting(stopped);
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
    this.#links.clear();
  }
}

/** A two-way request without an answer is a defect of its handler; the server is told so instead of waiting. */
function answerWith(request: RemotingCommand, response: RemotingCommand | undefined, connection: PeerConnection): void {
  if (response !== undefined) connection.respond(request, response);
  else if (!isOneway(request)) connection.respond(request, systemError(request, 'the client has no answer'));
}

function limitsOf(options: RemotingClientOptions): ConnectionLimits {
  const byDefault = connectionLimitsDefault;
  return {
    ...byDefault,
    maxFrameBytes: options.maxFrameBytes ?? byDefault.maxFrameBytes,
    callsMax: options.inFlightPerConnectionMax ?? byDefault.callsMax,
    writeBufferBytesMax: options.writeBufferBytesMax ?? writeBufferBytesMaxDefault,
    idleTimeoutMs: options.idleTimeoutMs ?? byDefault.idleTimeoutMs,
    silenceMsMax,
  };
}

/** A client of the remoting protocol. */
export function createRemotingClient(options: RemotingClientOptions): RemotingClient {
  return new DefaultRemotingClient(options);
}
