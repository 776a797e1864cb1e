/** UNREGISTER_BROKER (104): a broker stops (Java: DefaultRequestProcessor.unregisterBroker; page 02 §4). */
import { createResponse, type RemotingCommand, ResponseCode, unregisterBrokerHeader } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { RouteTable } from '../route-table.js';

export class UnregisterBrokerProcessor implements RequestProcessor {
  readonly #routes: RouteTable<ServerConnection>;

  constructor(routes: RouteTable<ServerConnection>) {
    this.#routes = routes;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    this.#routes.unregister(unregisterBrokerHeader.decodeCommand(request));
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  }
}
