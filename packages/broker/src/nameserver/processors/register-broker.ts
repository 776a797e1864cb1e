/** REGISTER_BROKER (103) from brokers of every version (Java: DefaultRequestProcessor.registerBroker; page 02 §2-3). */
import type { Environment } from '@orbitmq/core/kernel';
import {
  createResponse,
  decodeRegisterBrokerBody,
  maskedCrc32,
  type RegisterBrokerBody,
  type RegisterBrokerHeader,
  type RemotingCommand,
  ResponseCode,
  registerBrokerHeader,
  registerBrokerResponseHeader,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { RouteTable } from '../route-table.js';

/** Of brokers that name no other (Java: DEFAULT_BROKER_CHANNEL_EXPIRED_TIME). */
const brokerTimeoutMsDefault = 120_000;
/** First byte of a zlib stream. */
const zlibMagic = 0x78;
const noTopics: RegisterBrokerBody = {
  dataVersion: { counter: 0, timestamp: 0, stateVersion: 0 },
  topicConfigTable: {},
  filterServerList: [],
};

export class RegisterBrokerProcessor implements RequestProcessor {
  readonly #environment: Environment;
  readonly #routes: RouteTable<ServerConnection>;
  readonly #onBrokerConnection: (connection: ServerConnection) => void;

  /** `onBrokerConnection` is called with each registration, before it counts. */
  constructor(
    environment: Environment,
    routes: RouteTable<ServerConnection>,
    onBrokerConnection: (connection: ServerConnection) => void,
  ) {
    this.#environment = environment;
    this.#routes = routes;
    this.#onBrokerConnection = onBrokerConnection;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const header = registerBrokerHeader.decodeCommand(request);
    const expectedCrc = header.bodyCrc32 ?? 0;
    if (expectedCrc !== 0 && maskedCrc32(request.body ?? Buffer.alloc(0)) !== expectedCrc) {
      connection.respond(request, createResponse(request, ResponseCode.SYSTEM_ERROR, { remark: 'crc32 not match' }));
      return;
    }
    const body = decodeBody(request, header);
    this.#onBrokerConnection(connection);
    const timeoutMs = header.heartbeatTimeoutMillis ?? 0;
    const result = this.#routes.register(
      {
        ...header,
        timeoutMs: timeoutMs > 0 ? timeoutMs : brokerTimeoutMsDefault,
        dataVersion: body.dataVersion,
        topics: body.topicConfigTable,
        connection,
      },
      this.#environment.clock.monotonic(),
    );
    const broker = { brokerName: header.brokerName, brokerAddr: header.brokerAddr, brokerId: header.brokerId };
    if (result.status === 'refused') {
      this.#environment.logger.warn('a registration was refused', { ...broker, reason: result.reason });
      connection.respond(request, createResponse(request, ResponseCode.SYSTEM_ERROR, { remark: result.reason }));
      return;
    }
    if (result.status === 'stale') this.#environment.logger.warn('a registration with an older state was ignored', broker);
    const { masterAddr, haServerAddr } =
      result.status === 'registered' ? result : { masterAddr: undefined, haServerAddr: undefined };
    const extFields = registerBrokerResponseHeader.encode({ masterAddr, haServerAddr });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { extFields }));
  }
}

function decodeBody(request: RemotingCommand, header: RegisterBrokerHeader): RegisterBrokerBody {
  if (request.body === undefined) return noTopics;
  // Brokers 5.0 to 5.5 that compress forget to say so.
  const compressed = header.compressed === true || request.body[0] === zlibMagic;
  return decodeRegisterBrokerBody(request.body, { compressed, senderVersion: request.version });
}
