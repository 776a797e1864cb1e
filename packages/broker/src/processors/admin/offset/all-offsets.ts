/**
 * GET_ALL_CONSUMER_OFFSET (43): `consumerOffset.json` as it would be now (Java: AdminBrokerProcessor.getAllConsumerOffset; page 32
 * §3). One after the other, so that asking again and again costs one answer's memory.
 */
import type { RemotingCommand, Steps } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { LargeRequests } from '../../../large-requests.js';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';
import { answerTable, atOnceMax, refuseTable, tableBytesMax, tableOrder } from '../table-answer.js';

/** Of one offset in the text: indentation, a queue id in quotes, colon, a digit, an end of line. */
const entryBytesMin = 10;

type Offsets = Pick<ConsumerOffsetManager, 'describeSteps' | 'entryCount'>;

export class AllOffsetsProcessor implements RequestProcessor {
  readonly #offsets: Offsets;
  readonly #tables: LargeRequests;

  constructor(offsets: Offsets, tables: LargeRequests) {
    this.#offsets = offsets;
    this.#tables = tables;
  }

  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void> {
    const work = (): Steps<void> => this.#answer(request, connection);
    return this.#tables.run(request, connection, tableOrder, work, { isLarge: this.#offsets.entryCount > atOnceMax });
  }

  *#answer(request: RemotingCommand, connection: ServerConnection): Steps<void> {
    const sizeBytesMin = this.#offsets.entryCount * entryBytesMin;
    // The text is not made for nothing.
    if (sizeBytesMin > tableBytesMax) refuseTable(request, connection, sizeBytesMin);
    else answerTable(request, connection, { extFields: {}, body: Buffer.concat(yield* this.#offsets.describeSteps()) });
  }
}
