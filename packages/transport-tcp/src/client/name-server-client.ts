import { BrokerError, isMqError, type Logger, type Random, TransportError } from '@orbitmq/core/kernel';
import {
  createRequest,
  decodeRoute,
  getRouteInfoHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  type TopicRouteData,
} from '@orbitmq/protocol';
import type { RemotingClient } from '@orbitmq/remoting';

export interface NameServerClientOptions {
  readonly remoting: RemotingClient;
  /** `host:port` of every NameServer. They do not know each other; any of them will do. */
  readonly addresses: readonly string[];
  readonly random: Random;
  readonly logger: Logger;
  /** Time for one NameServer to answer, milliseconds. A 4.9 NameServer never answers a code it does not know. */
  readonly timeoutMs: number;
}

/**
 * Asks NameServers (Java: NettyRemotingClient.getAndCreateNameserverChannel): begins with a random one, stays with it while
 * it answers, and goes on to the next when it does not. A call asks each at most once, so it settles within
 * `addresses.length * timeoutMs`.
 */
export class NameServerClient {
  readonly #options: NameServerClientOptions;
  #current: number;

  constructor(options: NameServerClientOptions) {
    this.#options = options;
    this.#current = options.random.int(options.addresses.length);
  }

  /** The route of a topic; undefined when the NameServer knows none. */
  async routeOf(topic: string): Promise<TopicRouteData | undefined> {
    const response = await this.#ask(() =>
      createRequest(RequestCode.GET_ROUTEINFO_BY_TOPIC, {
        extFields: getRouteInfoHeader.encode({ topic, acceptStandardJsonOnly: true }),
      }),
    );
    if (response.code === ResponseCode.TOPIC_NOT_EXIST || response.body === undefined) return undefined;
    return decodeRoute(response.body);
  }

  async #ask(createCommand: () => RemotingCommand): Promise<RemotingCommand> {
    const { addresses, remoting, timeoutMs, logger } = this.#options;
    let lastError: unknown;
    for (let tried = 0; tried < addresses.length; tried++) {
      const index = this.#current;
      const address = addresses[index] ?? '';
      try {
        const response = await remoting.invoke(address, createCommand(), { timeoutMs });
        if (response.code === ResponseCode.SUCCESS || response.code === ResponseCode.TOPIC_NOT_EXIST) return response;
        lastError = refused(response, address);
      } catch (error) {
        if (!isMqError(error)) throw error;
        lastError = error;
      }
      logger.debug('NameServer did not answer, trying the next', { address, error: lastError });
      // Another call may have moved on already; then it has found the better one.
      if (this.#current === index) this.#current = (index + 1) % addresses.length;
    }
    throw unreachable(addresses, lastError);
  }
}

function refused(response: RemotingCommand, address: string): BrokerError {
  const remark = response.remark ?? '';
  return new BrokerError(`the NameServer ${address} answered ${response.code}: ${remark}`, {
    responseCode: response.code,
    remark,
    brokerAddr: address,
    retryable: true,
  });
}

function unreachable(addresses: readonly string[], cause: unknown): Error {
  if (cause instanceof BrokerError) return cause;
  const code = cause instanceof TransportError ? cause.code : 'CONNECT_FAILED';
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TransportError(
    code,
    `no NameServer answered (asked ${addresses.join(', ')}; the last said: ${reason}). Is it running, and reachable from here?`,
    { outcome: 'not-sent', cause, details: { addresses } },
  );
}
