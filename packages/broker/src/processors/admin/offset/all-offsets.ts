/** GET_ALL_CONSUMER_OFFSET (43): `consumerOffset.json` as it would be now (Java: AdminBrokerProcessor.getAllConsumerOffset; page 32 §3). */
import type { RemotingCommand } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';
import { answerTable, refuseTable, tableBytesMax } from '../table-answer.js';

/** Of one offset in the text: indentation, a queue id in quotes, colon, a digit, an end of line. */
const entryBytesMin = 10;

export class AllOffsetsProcessor implements RequestProcessor {
  readonly #offsets: Pick<ConsumerOffsetManager, 'describe' | 'entryCount'>;

  constructor(offsets: Pick<ConsumerOffsetManager, 'describe' | 'entryCount'>) {
    this.#offsets = offsets;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    // The text is made in one turn: not for nothing.
    const sizeBytesMin = this.#offsets.entryCount * entryBytesMin;
    if (sizeBytesMin > tableBytesMax) {
      refuseTable(request, connection, sizeBytesMin);
      return;
    }
    answerTable(request, connection, { extFields: {}, body: Buffer.from(this.#offsets.describe(), 'utf8') });
  }
}
