/**
 * Hands replies to the clients that asked (Java: ReplyMessageProcessor.pushReplyMessage; page 35 §3). A requester that does not
 * answer, or does not read, costs its replies' places until their time is over and nothing else; nobody waits in a thread meanwhile.
 */
import { InvariantError, type Logger } from '@orbitmq/core/kernel';
import { createRequest, type PushReplyMessageHeader, pushReplyMessageHeader, RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { ProducerManager } from '../client/producer-manager.js';

/** Java: Broker2Client.callClient. */
const pushTimeoutMs = 10_000;

export interface ReplyRelayDeps {
  readonly producers: Pick<ProducerManager, 'connectionOf'>;
  readonly logger: Logger;
  /** Replies that are being handed on. */
  readonly inFlightMax: number;
  /** Bytes of their bodies. */
  readonly bytesMax: number;
  /** Bytes that wait to be read by one requester; a single reply goes however large it is. */
  readonly queuedBytesMax: number;
}

export class ReplyRelay {
  readonly #deps: ReplyRelayDeps;
  #inFlight = 0;
  #bytes = 0;

  constructor(deps: ReplyRelayDeps) {
    this.#deps = deps;
  }

  get inFlightCount(): number {
    return this.#inFlight;
  }

  /** A single reply goes however large it is. */
  hasRoom(body: Buffer): boolean {
    const { inFlightMax, bytesMax } = this.#deps;
    return this.#inFlight < inFlightMax && (this.#inFlight === 0 || this.#bytes + body.length <= bytesMax);
  }

  /** Resolves with undefined when the requester has taken the reply, else with Apache's words; never rejects. */
  async push(clientId: string | undefined, header: PushReplyMessageHeader, body: Buffer): Promise<string | undefined> {
    if (clientId === undefined) return 'reply message properties[REPLY_TO_CLIENT] is null';
    const connection = this.#deps.producers.connectionOf(clientId);
    if (connection === undefined) return `push reply message fail, channel of <${clientId}> not found.`;
    const failed = `push reply message to ${clientId}fail.`;
    const queuedBytes = connection.queuedBytes ?? 0;
    if (queuedBytes > 0 && queuedBytes + body.length > this.#deps.queuedBytesMax) {
      this.#deps.logger.warn('a requester does not read its replies', { clientId });
      return failed;
    }
    const extFields = pushReplyMessageHeader.encode(header);
    this.#inFlight += 1;
    this.#bytes += body.length;
    try {
      const request = createRequest(RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT, { extFields, body });
      const { code, remark } = await connection.invoke(request, { timeoutMs: pushTimeoutMs });
      if (code === ResponseCode.SUCCESS) return undefined;
      this.#deps.logger.warn('a requester refused a reply', { clientId, code, remark });
      return failed;
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      this.#deps.logger.warn('a reply could not be handed to its requester', { clientId, error });
      return failed;
    } finally {
      this.#inFlight -= 1;
      this.#bytes -= body.length;
    }
  }
}
