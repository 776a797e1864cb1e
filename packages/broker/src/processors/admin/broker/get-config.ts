/** GET_BROKER_CONFIG (26) (Java: AdminBrokerProcessor.getBrokerConfig; page 32 §5). */
import {
  createResponse,
  encodeDataVersion,
  getBrokerConfigResponseHeader,
  type RemotingCommand,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfigManager } from '../../../metadata/broker-config-manager.js';

export class GetBrokerConfigProcessor implements RequestProcessor {
  readonly #manager: BrokerConfigManager;

  constructor(manager: BrokerConfigManager) {
    this.#manager = manager;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const version = encodeDataVersion(this.#manager.dataVersion).toString();
    const extFields = getBrokerConfigResponseHeader.encode({ version });
    const body = Buffer.from(this.#manager.text(), 'utf8');
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { extFields, body }));
  }
}
