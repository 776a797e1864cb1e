/** QUERY_DATA_VERSION (322): a broker asks whether it has to register again (Java: DefaultRequestProcessor; page 02 §5). */
import type { Clock } from '@orbitmq/core/kernel';
import {
  createResponse,
  decodeDataVersion,
  encodeDataVersion,
  isSameDataVersion,
  queryDataVersionResponseHeader,
  type RemotingCommand,
  ResponseCode,
  unregisterBrokerHeader,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { RouteTable } from '../route-table.js';

export class QueryDataVersionProcessor implements RequestProcessor {
  readonly #clock: Clock;
  readonly #routes: RouteTable<ServerConnection>;

  constructor(clock: Clock, routes: RouteTable<ServerConnection>) {
    this.#clock = clock;
    this.#routes = routes;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const identity = unregisterBrokerHeader.decodeCommand(request);
    const asked = decodeDataVersion(request.body ?? Buffer.from('{}'));
    const stored = this.#routes.touch(identity, this.#clock.monotonic());
    const changed = stored === undefined || !isSameDataVersion(stored, asked);
    const extFields = queryDataVersionResponseHeader.encode({ changed });
    const body = stored === undefined ? undefined : encodeDataVersion(stored);
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { extFields, body }));
  }
}
