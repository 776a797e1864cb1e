/** UPDATE_NAMESRV_CONFIG (318) and GET_NAMESRV_CONFIG (319) (Java: DefaultRequestProcessor.updateConfig, getConfig; page 02 §8). */
import { createResponse, type RemotingCommand, RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { parseProperties } from '../../config/properties.js';
import type { NamesrvConfigManager } from '../namesrv-config-manager.js';

/** Bytes of an update; all keys together take a few hundred. */
const configUpdateBytesMax = 64 * 1024;

export class NamesrvConfigProcessor implements RequestProcessor {
  readonly #manager: NamesrvConfigManager;

  constructor(manager: NamesrvConfigManager) {
    this.#manager = manager;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const response = request.code === RequestCode.UPDATE_NAMESRV_CONFIG ? await this.#update(request) : this.#get(request);
    connection.respond(request, response);
  }

  #get(request: RemotingCommand): RemotingCommand {
    return createResponse(request, ResponseCode.SUCCESS, { body: Buffer.from(this.#manager.text(), 'utf8') });
  }

  async #update(request: RemotingCommand): Promise<RemotingCommand> {
    const body = request.body ?? Buffer.alloc(0);
    if (body.length > configUpdateBytesMax) {
      const remark = `the update has ${body.length} bytes, allowed are ${configUpdateBytesMax}`;
      return createResponse(request, ResponseCode.SYSTEM_ERROR, { remark });
    }
    const result = await this.#manager.update(parseProperties(body.toString('utf8')));
    switch (result.status) {
      case 'done':
        return createResponse(request, ResponseCode.SUCCESS);
      case 'refused':
        return createResponse(request, ResponseCode.NO_PERMISSION, { remark: 'Can not update config in black list.' });
      case 'busy':
        return createResponse(request, ResponseCode.SYSTEM_BUSY, { remark: 'too many updates of the configuration wait' });
      case 'failed':
        return createResponse(request, ResponseCode.SYSTEM_ERROR, { remark: result.reason });
    }
  }
}
