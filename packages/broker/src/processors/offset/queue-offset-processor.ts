/** GET_MAX_OFFSET (30), GET_MIN_OFFSET (31), GET_EARLIEST_MSG_STORETIME (32) (Java: AdminBrokerProcessor; page 04 §9). */
import {
  createResponse,
  earliestStoreTimeResponseHeader,
  queueOffsetHeader,
  queueOffsetResponseHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { MessageStore } from '../../store/message-store.js';

export class QueueOffsetProcessor implements RequestProcessor {
  static readonly codes = [RequestCode.GET_MAX_OFFSET, RequestCode.GET_MIN_OFFSET, RequestCode.GET_EARLIEST_MSG_STORETIME];
  readonly #store: Pick<MessageStore, 'minOffset' | 'maxOffset' | 'earliestStoreTime'>;

  constructor(store: Pick<MessageStore, 'minOffset' | 'maxOffset' | 'earliestStoreTime'>) {
    this.#store = store;
  }

  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void> {
    const { topic, queueId } = queueOffsetHeader.decodeCommand(request);
    if (request.code === RequestCode.GET_EARLIEST_MSG_STORETIME) return this.#earliest(request, connection, topic, queueId);
    const isMax = request.code === RequestCode.GET_MAX_OFFSET;
    const offset = isMax ? this.#store.maxOffset(topic, queueId) : this.#store.minOffset(topic, queueId);
    const extFields = queueOffsetResponseHeader.encode({ offset });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { extFields }));
    return undefined;
  }

  async #earliest(request: RemotingCommand, connection: ServerConnection, topic: string, queueId: number): Promise<void> {
    const timestamp = await this.#store.earliestStoreTime(topic, queueId);
    const extFields = earliestStoreTimeResponseHeader.encode({ timestamp });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { extFields }));
  }
}
