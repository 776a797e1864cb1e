/** PUT_KV_CONFIG (100) and DELETE_KV_CONFIG (102), answered when the change is durable (Java: DefaultRequestProcessor; page 02 §8). */
import {
  createResponse,
  kvConfigKeyHeader,
  putKvConfigHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { KvConfigStore } from '../kv-config-store.js';

export class WriteKvConfigProcessor implements RequestProcessor {
  readonly #kvConfig: KvConfigStore;

  constructor(kvConfig: KvConfigStore) {
    this.#kvConfig = kvConfig;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const change =
      request.code === RequestCode.PUT_KV_CONFIG
        ? putKvConfigHeader.decodeCommand(request)
        : { ...kvConfigKeyHeader.decodeCommand(request), value: undefined };
    const result = await this.#kvConfig.change(change);
    if (result.status === 'done') {
      connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
      return;
    }
    const response =
      result.status === 'busy'
        ? createResponse(request, ResponseCode.SYSTEM_BUSY, { remark: 'too many changes of the KV configuration wait' })
        : createResponse(request, ResponseCode.SYSTEM_ERROR, { remark: result.reason });
    connection.respond(request, response);
  }
}
