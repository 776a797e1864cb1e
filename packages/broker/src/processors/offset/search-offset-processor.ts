/** SEARCH_OFFSET_BY_TIMESTAMP (29) with the boundaries of 5.x (Java: AdminBrokerProcessor; page 04 §9). */
import {
  createResponse,
  type RemotingCommand,
  ResponseCode,
  searchOffsetHeader,
  searchOffsetResponseHeader,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { MessageStore } from '../../store/message-store.js';

export class SearchOffsetProcessor implements RequestProcessor {
  readonly #store: Pick<MessageStore, 'minOffset' | 'offsetByTime'>;

  constructor(store: Pick<MessageStore, 'minOffset' | 'offsetByTime'>) {
    this.#store = store;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { topic, queueId, timestamp, boundaryType } = searchOffsetHeader.decodeCommand(request);
    const isUpper = boundaryType?.toUpperCase() === 'UPPER';
    const offset = isUpper
      ? await this.#upper(topic, queueId, timestamp)
      : await this.#store.offsetByTime(topic, queueId, timestamp);
    const extFields = searchOffsetResponseHeader.encode({ offset });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { extFields }));
  }

  /** The last offset stored at or before `timestamp`: the one before the first that is later; 0 when there is none. */
  async #upper(topic: string, queueId: number, timestamp: number): Promise<number> {
    const offset = (await this.#store.offsetByTime(topic, queueId, timestamp + 1)) - 1;
    return offset < this.#store.minOffset(topic, queueId) ? 0 : offset;
  }
}
