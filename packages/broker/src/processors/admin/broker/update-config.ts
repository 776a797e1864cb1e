/**
 * UPDATE_BROKER_CONFIG (25) (Java: AdminBrokerProcessor.updateBrokerConfig; page 32 §5). Unknown keys and bad values are passed over
 * with success, as Apache passes them over; here the remark says which, and what takes effect at the next start only.
 */
import { ProtocolError } from '@orbitmq/core/kernel';
import { createResponse, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { parseProperties } from '../../../config/properties.js';
import type { BrokerConfigManager, ConfigUpdateResult } from '../../../metadata/broker-config-manager.js';
import { refuse } from '../refuse.js';

const bodyBytesMax = 64 * 1024;

export class UpdateBrokerConfigProcessor implements RequestProcessor {
  readonly #manager: BrokerConfigManager;

  constructor(manager: BrokerConfigManager) {
    this.#manager = manager;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const result = await this.#manager.update(parseProperties(textOf(request)));
    if (result.status === 'done') {
      const remark = result.notes.length === 0 ? undefined : result.notes.join('; ');
      connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { remark }));
      return;
    }
    refuse(request, connection, refusalOf(result));
  }
}

function refusalOf(result: Exclude<ConfigUpdateResult, { readonly status: 'done' }>): {
  readonly code: number;
  readonly remark: string;
} {
  switch (result.status) {
    case 'refused':
      return { code: ResponseCode.NO_PERMISSION, remark: 'Can not update config in black list.' };
    case 'busy':
      return { code: ResponseCode.SYSTEM_BUSY, remark: '[OVERLOAD]too many updates of the configuration wait' };
    case 'failed':
      return { code: ResponseCode.SYSTEM_ERROR, remark: result.reason };
  }
}

function textOf({ body }: RemotingCommand): string {
  if (body === undefined) return '';
  if (body.length <= bodyBytesMax) return body.toString('utf8');
  throw new ProtocolError('BODY_INVALID', `the configuration has ${body.length} bytes, allowed are ${bodyBytesMax}`);
}
