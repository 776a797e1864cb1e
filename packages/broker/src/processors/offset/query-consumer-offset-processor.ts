/** QUERY_CONSUMER_OFFSET (14): where a group goes on in a queue (Java: ConsumerManageProcessor; page 05 §4). */
import {
  createResponse,
  type QueryConsumerOffsetHeader,
  queryConsumerOffsetHeader,
  queryConsumerOffsetResponseHeader,
  type RemotingCommand,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ConsumerOffsetManager } from '../../offset/consumer-offset-manager.js';
import type { MessageStore } from '../../store/message-store.js';

type QueueReads = Pick<MessageStore, 'minOffset' | 'maxOffset' | 'isInMemory'>;

export class QueryConsumerOffsetProcessor implements RequestProcessor {
  readonly #offsets: ConsumerOffsetManager;
  readonly #store: QueueReads;

  constructor(offsets: ConsumerOffsetManager, store: QueueReads) {
    this.#offsets = offsets;
    this.#store = store;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const header = queryConsumerOffsetHeader.decodeCommand(request);
    const committed = this.#offsets.query(header.consumerGroup, header.topic, header.queueId);
    const offset = committed < 0 && this.#startsAtZero(header) ? 0 : committed;
    const response =
      offset >= 0
        ? createResponse(request, ResponseCode.SUCCESS, { extFields: queryConsumerOffsetResponseHeader.encode({ offset }) })
        : createResponse(request, ResponseCode.QUERY_NOT_FOUND, { remark: 'Not found, maybe this group consumer boot first' });
    connection.respond(request, response);
  }

  /** A new group on a young queue: 5.x answers 0 when message 0 exists and is in memory, so nothing of it is skipped. */
  #startsAtZero(header: QueryConsumerOffsetHeader): boolean {
    const { topic, queueId } = header;
    if (header.setZeroIfNotFound === false || queueId < 0) return false;
    return (
      this.#store.minOffset(topic, queueId) <= 0 &&
      this.#store.maxOffset(topic, queueId) > 0 &&
      this.#store.isInMemory(topic, queueId, 0)
    );
  }
}
