/** REGISTER_TOPIC_IN_NAMESRV (217): one topic of brokers that are registered already (Java: DefaultRequestProcessor; page 02 §5). */
import { createResponse, decodeRoute, type RemotingCommand, ResponseCode, registerTopicHeader } from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { RouteTable } from '../route-table.js';

/** Anyone may send one; queues of a topic on a thousand brokers stay below it. */
const bodyLimits = { bytesMax: 256 * 1024, valuesMax: 20_000 };

export class RegisterTopicProcessor implements RequestProcessor {
  readonly #routes: RouteTable<ServerConnection>;

  constructor(routes: RouteTable<ServerConnection>) {
    this.#routes = routes;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { topic } = registerTopicHeader.decodeCommand(request);
    const { queueDatas } = decodeRoute(request.body ?? Buffer.from('{}'), bodyLimits);
    const refusal = this.#routes.addTopic(topic, queueDatas);
    const code = refusal === undefined ? ResponseCode.SUCCESS : ResponseCode.SYSTEM_ERROR;
    connection.respond(request, createResponse(request, code, { remark: refusal }));
  }
}
