/** QUERY_CORRECTION_OFFSET (308) (Java: AdminBrokerProcessor.queryCorrectionOffset; page 32 §2). */
import { correctionOffsetHeader, createResponse, fastjsonBody, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';
import { correctionOffsets } from '../../../offset/correction-offsets.js';
import type { MessageStore } from '../../../store/message-store.js';
import { namesOf, tooManyNames } from '../name-list.js';
import { refuse } from '../refuse.js';

export class CorrectionOffsetProcessor implements RequestProcessor {
  readonly #offsets: Pick<ConsumerOffsetManager, 'groupsWithOffsets' | 'offsetsOf'>;
  readonly #store: Pick<MessageStore, 'minOffset'>;

  constructor(offsets: Pick<ConsumerOffsetManager, 'groupsWithOffsets' | 'offsetsOf'>, store: Pick<MessageStore, 'minOffset'>) {
    this.#offsets = offsets;
    this.#store = store;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { topic, compareGroup, filterGroups = '' } = correctionOffsetHeader.decodeCommand(request);
    const names = namesOf(filterGroups, ',');
    if (names === undefined) return refuse(request, connection, tooManyNames);
    const filtered = new Set(names);
    const groups = this.#offsets.groupsWithOffsets(topic).filter((group) => !filtered.has(group));
    const corrections = correctionOffsets({
      groups: groups.map((group) => this.#offsets.offsetsOf(group, topic)),
      compared: this.#offsets.offsetsOf(compareGroup, topic),
      minOffset: (queueId) => this.#store.minOffset(topic, queueId),
    });
    const body = fastjsonBody({ correctionOffsets: corrections });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }
}
