/** GET_BROKER_MEMBER_GROUP (901): a 5.x broker asks who shares its name (Java: DefaultRequestProcessor; page 02 §5). */
import {
  brokerMemberGroupHeader,
  createResponse,
  encodeBrokerMemberGroup,
  type RemotingCommand,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { RouteTable } from '../route-table.js';

export class BrokerMemberGroupProcessor implements RequestProcessor {
  readonly #routes: RouteTable<ServerConnection>;

  constructor(routes: RouteTable<ServerConnection>) {
    this.#routes = routes;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { clusterName, brokerName } = brokerMemberGroupHeader.decodeCommand(request);
    const brokerAddrs = this.#routes.broker(brokerName)?.brokerAddrs ?? {};
    const body = encodeBrokerMemberGroup({ cluster: clusterName, brokerName, brokerAddrs });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }
}
