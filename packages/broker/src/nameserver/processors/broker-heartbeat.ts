/** BROKER_HEARTBEAT (904): a sign of life between registrations (Java: DefaultRequestProcessor; page 02 §5). */
import type { Clock } from '@orbitmq/core/kernel';
import { brokerHeartbeatHeader, createResponse, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { RouteTable } from '../route-table.js';

export class BrokerHeartbeatProcessor implements RequestProcessor {
  readonly #clock: Clock;
  readonly #routes: RouteTable<ServerConnection>;

  constructor(clock: Clock, routes: RouteTable<ServerConnection>) {
    this.#clock = clock;
    this.#routes = routes;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    this.#routes.touch(brokerHeartbeatHeader.decodeCommand(request), this.#clock.monotonic());
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }
}
