/** GET_KV_CONFIG (101) and GET_KVLIST_BY_NAMESPACE (219) (Java: DefaultRequestProcessor; page 02 §8). */
import {
  createResponse,
  encodeKvTable,
  getKvConfigResponseHeader,
  kvConfigKeyHeader,
  kvNamespaceHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { KvConfigStore } from '../kv-config-store.js';

export class ReadKvConfigProcessor implements RequestProcessor {
  readonly #kvConfig: KvConfigStore;

  constructor(kvConfig: KvConfigStore) {
    this.#kvConfig = kvConfig;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const response = request.code === RequestCode.GET_KV_CONFIG ? this.#value(request) : this.#list(request);
    connection.respond(request, response);
  }

  #value(request: RemotingCommand): RemotingCommand {
    const { namespace, key } = kvConfigKeyHeader.decodeCommand(request);
    const value = this.#kvConfig.table.get(namespace, key);
    if (value !== undefined) {
      return createResponse(request, ResponseCode.SUCCESS, { extFields: getKvConfigResponseHeader.encode({ value }) });
    }
    const remark = `No config item, Namespace: ${namespace} Key: ${key}`;
    return createResponse(request, ResponseCode.QUERY_NOT_FOUND, { remark });
  }

  #list(request: RemotingCommand): RemotingCommand {
    const { namespace } = kvNamespaceHeader.decodeCommand(request);
    const entries = this.#kvConfig.table.namespace(namespace);
    if (entries === undefined) {
      return createResponse(request, ResponseCode.QUERY_NOT_FOUND, { remark: `No config item, Namespace: ${namespace}` });
    }
    return createResponse(request, ResponseCode.SUCCESS, { body: encodeKvTable(Object.fromEntries(entries)) });
  }
}
