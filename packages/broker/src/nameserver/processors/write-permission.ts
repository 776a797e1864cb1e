/**
 * WIPE_WRITE_PERM_OF_BROKER (205) and ADD_WRITE_PERM_OF_BROKER (327): an operator takes a broker out of the producers' sight, and
 * back (Java: DefaultRequestProcessor; page 02 §8). Here only; the broker's next change of its topics undoes it.
 */
import type { Logger } from '@orbitmq/core/kernel';
import {
  addWritePermissionResponseHeader,
  brokerPermissionHeader,
  createResponse,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  wipeWritePermissionResponseHeader,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { RouteTable } from '../route-table.js';

export class WritePermissionProcessor implements RequestProcessor {
  readonly #routes: RouteTable<ServerConnection>;
  readonly #logger: Logger;

  constructor(routes: RouteTable<ServerConnection>, logger: Logger) {
    this.#routes = routes;
    this.#logger = logger;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { brokerName } = brokerPermissionHeader.decodeCommand(request);
    const isWritable = request.code === RequestCode.ADD_WRITE_PERM_OF_BROKER;
    const topicCount = this.#routes.setWritable(brokerName, isWritable);
    const client = connection.remoteAddress;
    this.#logger.info('the write permission of a broker was changed by request', { brokerName, isWritable, topicCount, client });
    const extFields = isWritable
      ? addWritePermissionResponseHeader.encode({ addTopicCount: topicCount })
      : wipeWritePermissionResponseHeader.encode({ wipeTopicCount: topicCount });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { extFields }));
  }
}
