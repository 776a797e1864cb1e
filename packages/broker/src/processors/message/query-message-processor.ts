import {
  createResponse,
  type QueryMessageHeader,
  queryMessageHeader,
  queryMessageResponseHeader,
  type RemotingCommand,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../config/broker-config.js';
import type { QueryKeyKind } from '../../store/message-query.js';
import type { MessageStore } from '../../store/message-store.js';
import { overload } from './refusal.js';

export interface QueryMessageProcessorDeps {
  readonly config: Pick<BrokerConfig, 'maxMsgsNumBatch' | 'defaultQueryMaxNum'>;
  readonly store: Pick<MessageStore, 'queryMessage'>;
  /** Queries worked on at a time: each may hold an answer of some MiB. */
  readonly queryInFlightMax: number;
}

/** QUERY_MESSAGE (12): stored messages by key (Java: QueryMessageProcessor; pages 04 §9, 32). */
export class QueryMessageProcessor implements RequestProcessor {
  readonly #deps: QueryMessageProcessorDeps;
  #inFlight = 0;

  constructor(deps: QueryMessageProcessorDeps) {
    this.#deps = deps;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const header = queryMessageHeader.decodeCommand(request);
    if (this.#inFlight >= this.#deps.queryInFlightMax) {
      const { code, remark } = overload(`${this.#inFlight} queries are in progress`);
      connection.respond(request, createResponse(request, code, { remark }));
      return;
    }
    this.#inFlight += 1;
    try {
      connection.respond(request, await this.#answer(request, header));
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #answer(request: RemotingCommand, header: QueryMessageHeader): Promise<RemotingCommand> {
    const { topic, key, beginTimestamp, endTimestamp } = header;
    const query = { topic, key, kind: kindOf(header), maxCount: this.#maxCount(header), beginTimestamp, endTimestamp };
    const result = await this.#deps.store.queryMessage(query);
    const extFields = queryMessageResponseHeader.encode({
      indexLastUpdateTimestamp: result.indexLastUpdateTimestamp,
      indexLastUpdatePhyoffset: result.indexLastUpdatePhysicalOffset,
    });
    if (result.records.length === 0) {
      const remark = 'can not find message, maybe time range not correct';
      return createResponse(request, ResponseCode.QUERY_NOT_FOUND, { extFields, remark });
    }
    return createResponse(request, ResponseCode.SUCCESS, { extFields, body: Buffer.concat(result.records, result.sizeBytes) });
  }

  #maxCount(header: QueryMessageHeader): number {
    const { defaultQueryMaxNum, maxMsgsNumBatch } = this.#deps.config;
    return Math.min(isUniqueKeyQuery(header) ? defaultQueryMaxNum : header.maxNum, maxMsgsNumBatch);
  }
}

function isUniqueKeyQuery(header: QueryMessageHeader): boolean {
  return header.uniqueKeyQuery === 'true';
}

/** 5.5 clients name the index; before, one flag told the unique key from the others. */
function kindOf(header: QueryMessageHeader): QueryKeyKind {
  if (isUniqueKeyQuery(header) || header.indexType === 'U') return 'UNIQUE_KEY';
  return header.indexType === 'T' ? 'TAG' : 'KEY';
}
