/** GET_BROKER_CLUSTER_INFO (106), asked by tools and by brokers 5.x every 5 s (Java: DefaultRequestProcessor; page 02 §8). */
import { createResponse, encodeClusterInfo, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { RouteTable } from '../route-table.js';

export class GetClusterInfoProcessor implements RequestProcessor {
  readonly #routes: RouteTable<ServerConnection>;

  constructor(routes: RouteTable<ServerConnection>) {
    this.#routes = routes;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const body = encodeClusterInfo(this.#routes.clusterInfo());
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }
}
