/**
 * Requests of 5.x for parts that this broker does not have. They are refused with code 3, as unknown codes are, so that tools take
 * the feature for absent; the remark says what is absent.
 */
import { type RemotingCommand, RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { refuse } from '../refuse.js';

const noRocksDb = 'queues and configuration of this broker are files, not RocksDB';
const noPop = 'this broker does not serve pop: consumers pull';

const reasons: ReadonlyMap<number, string> = new Map([
  [RequestCode.CHECK_ROCKSDB_CQ_WRITE_PROGRESS, noRocksDb],
  [RequestCode.EXPORT_ROCKSDB_CONFIG_TO_JSON, noRocksDb],
  [RequestCode.SET_MESSAGE_REQUEST_MODE, noPop],
  [RequestCode.GET_ALL_MESSAGE_REQUEST_MODE, noPop],
  [RequestCode.UPDATE_AND_CREATE_STATIC_TOPIC, 'this broker has no static topics'],
]);

export class NotBuiltProcessor implements RequestProcessor {
  static readonly codes: readonly number[] = [...reasons.keys()];

  process(request: RemotingCommand, connection: ServerConnection): void {
    const remark = ` request type ${request.code} not supported: ${reasons.get(request.code) ?? ''}`;
    refuse(request, connection, { code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED, remark });
  }
}
