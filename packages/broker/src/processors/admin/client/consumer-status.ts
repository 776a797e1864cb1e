/**
 * INVOKE_BROKER_TO_GET_CONSUMER_STATUS (223): asks the members of a group, or the one named, how far they are in a topic
 * (Java: Broker2Client.getConsumeStatus; page 32 §2). A member that does not answer is left out, as Apache leaves it out;
 * with more of them than an answer holds the request is refused, and no further one is asked.
 */

import { isMqError, type Logger } from '@orbitmq/core/kernel';
import {
  consumerStatusHeader,
  createRequest,
  decodeClientStatus,
  encodeConsumerStatus,
  type QueueOffsets,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ClientRelay } from '../../../client/client-relay.js';
import type { ConsumerChannel, ConsumerManager } from '../../../client/consumer-manager.js';
import { refuse } from '../refuse.js';
import { answerTable, refuseTable, tableBytesMax } from '../table-answer.js';

/** Apache's time for an answer of a client. */
const answerTimeoutMs = 5000;
/** Members asked at a time; the others wait, so that one request does not take all places of the relay. */
const askedAtOnceMax = 16;

export interface ConsumerStatusProcessorOptions {
  readonly consumers: Pick<ConsumerManager, 'members'>;
  readonly relay: ClientRelay;
  readonly logger: Logger;
}

/** How far one client is, and the bytes in which it said so. */
interface ClientStatus {
  readonly offsets: QueueOffsets;
  readonly sizeBytes: number;
}

export class ConsumerStatusProcessor implements RequestProcessor {
  readonly #options: ConsumerStatusProcessorOptions;

  constructor(options: ConsumerStatusProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { topic, group, clientAddr = '' } = consumerStatusHeader.decodeCommand(request);
    const members = this.#options.consumers.members(group);
    if (members.length === 0) {
      const remark = `No Any Consumer online in the consumer group: [${group}]`;
      refuse(request, connection, { code: ResponseCode.SYSTEM_ERROR, remark });
      return;
    }
    const asked = members.filter(({ clientId }) => clientAddr === '' || clientId === clientAddr);
    const statuses = new Map<string, QueueOffsets>();
    let sizeBytes = 0;
    for (let at = 0; at < asked.length; at += askedAtOnceMax) {
      const some = asked.slice(at, at + askedAtOnceMax);
      const answers = await Promise.all(some.map((member) => this.#ask(member, topic, group)));
      for (const [index, status] of answers.entries()) {
        const member = some[index];
        if (member === undefined || status === undefined) continue;
        statuses.set(member.clientId, status.offsets);
        sizeBytes += status.sizeBytes;
      }
      if (sizeBytes > tableBytesMax) {
        refuseTable(request, connection, sizeBytes);
        return;
      }
    }
    answerTable(request, connection, { extFields: {}, body: encodeConsumerStatus(statuses) });
  }

  async #ask(member: ConsumerChannel, topic: string, group: string): Promise<ClientStatus | undefined> {
    const extFields = consumerStatusHeader.encode({ topic, group, clientAddr: undefined });
    const question = createRequest(RequestCode.GET_CONSUMER_STATUS_FROM_CLIENT, { extFields });
    const outcome = await this.#options.relay.ask(member.connection, question, answerTimeoutMs);
    const { clientId } = member;
    if (outcome.kind === 'failed' || outcome.answer.code !== ResponseCode.SUCCESS || outcome.answer.body === undefined) {
      const remark = outcome.kind === 'failed' ? outcome.remark : outcome.answer.remark;
      this.#options.logger.warn('a client does not say how far it is', { clientId, group, topic, remark });
      return undefined;
    }
    try {
      const { body } = outcome.answer;
      return { offsets: decodeClientStatus(body), sizeBytes: body.length };
    } catch (error) {
      if (!isMqError(error)) throw error;
      this.#options.logger.warn('what a client says of how far it is cannot be read', { clientId, group, topic, error });
      return undefined;
    }
  }
}
