import { createResponse, type RemotingCommand, ResponseCode, viewMessageHeader } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { MessageStore } from '../../store/message-store.js';
import { recordOf } from './record-of.js';

/** VIEW_MESSAGE_BY_ID (33): one stored message by its physical offset (Java: QueryMessageProcessor; page 04 §9). */
export class ViewMessageProcessor implements RequestProcessor {
  readonly #store: MessageStore;

  constructor(store: MessageStore) {
    this.#store = store;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const { offset } = viewMessageHeader.decodeCommand(request);
    const message = await this.#store.lookMessage(offset);
    if (message === undefined) {
      const remark = `can not find message by the offset, ${offset}`;
      connection.respond(request, createResponse(request, ResponseCode.SYSTEM_ERROR, { remark }));
      return;
    }
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body: recordOf(message) }));
  }
}
