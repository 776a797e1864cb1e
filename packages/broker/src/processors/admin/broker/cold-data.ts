/**
 * The switches of cold-data flow control, 5.x: UPDATE_ and REMOVE_COLD_DATA_FLOW_CTR_CONFIG (2001, 2002), GET_COLD_DATA_FLOW_CTR_INFO
 * (2003) and SET_COMMITLOG_READ_MODE (2004) (Java: AdminBrokerProcessor, ColdDataCgCtrService; page 24 §5.1). The control itself is
 * off, as by Apache's default: thresholds are kept and shown, in memory as Apache's, and slow nobody down. The read mode is advice
 * to the page cache for mapped files; this store maps none, so both modes are what is done anyway.
 */
import { checkGroupName, createResponse, type RemotingCommand, RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { parseProperties } from '../../../config/properties.js';
import { refuse } from '../refuse.js';

const groupsMaxDefault = 10_000;
const bodyBytesMax = 64 * 1024;
/** Java: cgColdReadThreshold and globalColdReadThreshold, in bytes. */
const groupThresholdBytes = 3 * 1024 * 1024;
const globalThresholdBytes = 100 * 1024 * 1024;
/** 0: normal read-ahead; 1: random. */
const readModes: ReadonlySet<string> = new Set(['0', '1']);

export class ColdDataProcessor implements RequestProcessor {
  static readonly codes: readonly number[] = [
    RequestCode.UPDATE_COLD_DATA_FLOW_CTR_CONFIG,
    RequestCode.REMOVE_COLD_DATA_FLOW_CTR_CONFIG,
    RequestCode.GET_COLD_DATA_FLOW_CTR_INFO,
    RequestCode.SET_COMMITLOG_READ_MODE,
  ];
  readonly #groupsMax: number;
  /** Group → bytes it may read cold in 5 s. */
  readonly #thresholds = new Map<string, number>();

  constructor(groupsMax = groupsMaxDefault) {
    this.#groupsMax = groupsMax;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const body = request.body ?? Buffer.alloc(0);
    if (body.length > bodyBytesMax) {
      const remark = `the body has ${body.length} bytes, allowed are ${bodyBytesMax}`;
      refuse(request, connection, { code: ResponseCode.INVALID_PARAMETER, remark });
      return;
    }
    switch (request.code) {
      case RequestCode.UPDATE_COLD_DATA_FLOW_CTR_CONFIG:
        this.#update(body.toString('utf8'));
        break;
      case RequestCode.REMOVE_COLD_DATA_FLOW_CTR_CONFIG:
        this.#thresholds.delete(body.toString('utf8').trim());
        break;
      case RequestCode.GET_COLD_DATA_FLOW_CTR_INFO:
        connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body: this.#info() }));
        return;
      default:
        setReadMode(request, connection);
        return;
    }
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }

  /** `group=bytes` lines; what is neither a group nor a number is passed over, as Java does. */
  #update(text: string): void {
    for (const [group, value] of parseProperties(text)) {
      if (!/^\d{1,15}$/.test(value) || checkGroupName(group) !== undefined) continue;
      if (this.#thresholds.size < this.#groupsMax || this.#thresholds.has(group)) this.#thresholds.set(group, Number(value));
    }
  }

  #info(): Buffer {
    const info = {
      runtimeTable: {},
      configTable: Object.fromEntries(this.#thresholds),
      cgColdReadThreshold: groupThresholdBytes,
      globalColdReadThreshold: globalThresholdBytes,
      globalAcc: 0,
    };
    return Buffer.from(JSON.stringify(info), 'utf8');
  }
}

function setReadMode(request: RemotingCommand, connection: ServerConnection): void {
  const mode = request.extFields?.['READ_AHEAD_MODE'] ?? '';
  if (readModes.has(mode)) {
    // The official tool prints it.
    const remark = `set commitlog readahead mode success, mode: ${mode}`;
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { remark }));
  } else {
    refuse(request, connection, { code: ResponseCode.SYSTEM_ERROR, remark: 'set commitlog readahead mode failed' });
  }
}
