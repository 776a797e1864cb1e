/**
 * Asks clients for operators (Java: AdminBrokerProcessor.callConsumer, Broker2Client). A client that never answers costs one
 * place among those in flight until its time is over, and nothing else.
 */
import { InvariantError } from '@orbitmq/core/kernel';
import { type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';

/** Requests to clients that wait for an answer. */
const inFlightMaxDefault = 64;

export type RelayAnswer =
  | { readonly kind: 'answered'; readonly answer: RemotingCommand }
  /** No answer in time, or the connection went: code and words for the operator. */
  | { readonly kind: 'failed'; readonly code: number; readonly remark: string };

export class ClientRelay {
  readonly #inFlightMax: number;
  #inFlight = 0;

  constructor(inFlightMax = inFlightMaxDefault) {
    this.#inFlightMax = inFlightMax;
  }

  get inFlightCount(): number {
    return this.#inFlight;
  }

  /** Never rejects. 207 when there is no answer, as Apache. */
  async ask(connection: ServerConnection, request: RemotingCommand, timeoutMs: number): Promise<RelayAnswer> {
    if (this.#inFlight >= this.#inFlightMax) {
      const remark = `[OVERLOAD]system busy, ${this.#inFlight} requests wait for answers of clients`;
      return { kind: 'failed', code: ResponseCode.SYSTEM_BUSY, remark };
    }
    this.#inFlight += 1;
    try {
      return { kind: 'answered', answer: await connection.invoke(request, { timeoutMs }) };
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      const remark = error instanceof Error ? error.message : 'the client did not answer';
      return { kind: 'failed', code: ResponseCode.CONSUME_MSG_TIMEOUT, remark };
    } finally {
      this.#inFlight -= 1;
    }
  }
}
