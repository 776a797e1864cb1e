/**
 * Lists of topics for tools: all (206), of a cluster (224), of the system (304), of units (311, 312, 313) (Java:
 * DefaultRequestProcessor; page 02 §8). Switched off by configuration, the answer is 1 `disable`; the system's list always is given.
 */
import {
  createResponse,
  encodeTopicList,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  type TopicList,
  topicsByClusterHeader,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { NamesrvConfig } from '../../config/namesrv-config.js';
import type { RouteTable } from '../route-table.js';
import { topicListBytesMax } from '../route-table-limits.js';

export const topicListCodes: readonly number[] = [
  RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER,
  RequestCode.GET_TOPICS_BY_CLUSTER,
  RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_NS,
  RequestCode.GET_UNIT_TOPIC_LIST,
  RequestCode.GET_HAS_UNIT_SUB_TOPIC_LIST,
  RequestCode.GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST,
];

export class TopicListProcessor implements RequestProcessor {
  readonly #routes: RouteTable<ServerConnection>;
  readonly #config: () => NamesrvConfig;

  constructor(routes: RouteTable<ServerConnection>, config: () => NamesrvConfig) {
    this.#routes = routes;
    this.#config = config;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const list = this.#isEnabled(request.code) ? encodeTopicList(this.#list(request)) : undefined;
    connection.respond(request, responseWith(request, list));
  }

  #isEnabled(code: number): boolean {
    const { enableAllTopicList, enableTopicList } = this.#config();
    if (code === RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_NS) return true;
    return code === RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER ? enableAllTopicList : enableTopicList;
  }

  #list(request: RemotingCommand): TopicList {
    switch (request.code) {
      case RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER:
        return { topicList: this.#routes.topicNames() };
      case RequestCode.GET_TOPICS_BY_CLUSTER:
        return { topicList: this.#routes.topicsOfCluster(topicsByClusterHeader.decodeCommand(request).cluster) };
      case RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_NS:
        return this.#routes.systemTopics();
      default:
        return { topicList: this.#routes.unitTopics(request.code) };
    }
  }
}

function responseWith(request: RemotingCommand, body: Buffer | undefined): RemotingCommand {
  if (body === undefined) return createResponse(request, ResponseCode.SYSTEM_ERROR, { remark: 'disable' });
  if (body.length <= topicListBytesMax) return createResponse(request, ResponseCode.SUCCESS, { body });
  const remark = `the list of topics has ${body.length} bytes, which no answer can hold; allowed are ${topicListBytesMax}`;
  return createResponse(request, ResponseCode.SYSTEM_ERROR, { remark });
}
