/** GET_ALL_DELAY_OFFSET (45): `delayOffset.json` as it would be now (Java: AdminBrokerProcessor.getAllDelayOffset; page 32 §3). */
import type { RemotingCommand } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { answerTable } from '../table-answer.js';

export class DelayOffsetsProcessor implements RequestProcessor {
  readonly #describe: () => string;

  constructor(describe: () => string) {
    this.#describe = describe;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    answerTable(request, connection, { extFields: {}, body: Buffer.from(this.#describe(), 'utf8') });
  }
}
