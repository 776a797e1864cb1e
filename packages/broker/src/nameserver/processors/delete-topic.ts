/** DELETE_TOPIC_IN_NAMESRV (216): after a topic was deleted at the brokers (Java: DefaultRequestProcessor; page 02 §8). */
import { createResponse, deleteTopicInNamesrvHeader, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { RouteTable } from '../route-table.js';

export class DeleteTopicProcessor implements RequestProcessor {
  readonly #routes: RouteTable<ServerConnection>;

  constructor(routes: RouteTable<ServerConnection>) {
    this.#routes = routes;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { topic, clusterName } = deleteTopicInNamesrvHeader.decodeCommand(request);
    this.#routes.deleteTopic(topic, clusterName === '' ? undefined : clusterName);
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }
}
