/** GET_ROUTEINFO_BY_TOPIC (105) (Java: ClientRequestProcessor; page 02 §7). */
import {
  createResponse,
  encodeRoute,
  getRouteInfoHeader,
  type RemotingCommand,
  ResponseCode,
  versionStandardJsonRoute,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { RouteTable } from '../route-table.js';

export class GetRouteInfoProcessor implements RequestProcessor {
  readonly #routes: RouteTable<ServerConnection>;

  constructor(routes: RouteTable<ServerConnection>) {
    this.#routes = routes;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { topic, acceptStandardJsonOnly } = getRouteInfoHeader.decodeCommand(request);
    const route = this.#routes.route(topic);
    if (route === undefined) {
      const remark = `No topic route info in name server for the topic: ${topic}`;
      connection.respond(request, createResponse(request, ResponseCode.TOPIC_NOT_EXIST, { remark }));
      return;
    }
    const standardJson = acceptStandardJsonOnly === true || request.version >= versionStandardJsonRoute;
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body: encodeRoute(route, { standardJson }) }));
  }
}
