/** REGISTER_BROKER (103) from brokers of every version (Java: DefaultRequestProcessor.registerBroker; page 02 §2-3). */
import type { Environment } from '@orbitmq/core/kernel';
import {
  createResponse,
  decodePartMark,
  encodeKvTable,
  maskedCrc32,
  orderTopicConfigNamespace,
  type RegisterBrokerBody,
  type RegisterBrokerHeader,
  type RemotingCommand,
  ResponseCode,
  registerBrokerBodySteps,
  registerBrokerHeader,
  registerBrokerResponseHeader,
  registrationPartField,
  type Steps,
  zoneHeader,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { NamesrvConfig } from '../../config/namesrv-config.js';
import type { LargeRequests } from '../../large-requests.js';
import type { KvConfigStore } from '../kv-config-store.js';
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

export interface RegisterBrokerProcessorOptions {
  readonly environment: Environment;
  readonly routes: RouteTable<ServerConnection>;
  readonly kvConfig: KvConfigStore;
  readonly config: () => NamesrvConfig;
  /** Where what changes a broker's routes waits for its turn, by the broker's name. */
  readonly large: LargeRequests;
  /** Called with each registration, before it counts. */
  readonly onBrokerConnection: (connection: ServerConnection) => void;
}

export class RegisterBrokerProcessor implements RequestProcessor {
  readonly #options: RegisterBrokerProcessorOptions;

  constructor(options: RegisterBrokerProcessorOptions) {
    this.#options = options;
  }

  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void> {
    const header = registerBrokerHeader.decodeCommand(request);
    const work = (): Steps<void> => this.#register(request, connection, header);
    return this.#options.large.run(request, connection, header.brokerName, work, { isLarge: isCompressed(request, header) });
  }

  /** Everything up to the last step only reads; that one changes the routes and answers. */
  *#register(request: RemotingCommand, connection: ServerConnection, header: RegisterBrokerHeader): Steps<void> {
    const expectedCrc = header.bodyCrc32 ?? 0;
    if (expectedCrc !== 0 && maskedCrc32(request.body ?? Buffer.alloc(0)) !== expectedCrc) {
      connection.respond(request, createResponse(request, ResponseCode.SYSTEM_ERROR, { remark: 'crc32 not match' }));
      return;
    }
    const registered = yield* bodySteps(request, header);
    yield* this.#take(request, connection, header, registered);
  }

  *#take(
    request: RemotingCommand,
    connection: ServerConnection,
    header: RegisterBrokerHeader,
    registered: RegisterBrokerBody,
  ): Steps<void> {
    const { environment, routes, onBrokerConnection } = this.#options;
    const config = this.#options.config();
    const mark = request.extFields?.[registrationPartField];
    const part = mark === undefined ? undefined : decodePartMark(mark);
    onBrokerConnection(connection);
    const timeoutMs = header.heartbeatTimeoutMillis ?? 0;
    const result = yield* routes.registerSteps(
      {
        ...header,
        timeoutMs: timeoutMs > 0 ? timeoutMs : brokerTimeoutMsDefault,
        dataVersion: registered.dataVersion,
        topics: registered.topicConfigTable,
        queueMappings: registered.topicQueueMappings,
        filterServers: registered.filterServerList,
        zoneName: zoneHeader.decodeCommand(request).zoneName,
        part,
        removesOtherTopics: config.deleteTopicWithBrokerRegistration,
        connection,
      },
      () => environment.clock.monotonic(),
    );
    const broker = { brokerName: header.brokerName, brokerAddr: header.brokerAddr, brokerId: header.brokerId };
    if (result.status === 'refused') {
      environment.logger.warn('a registration was refused', { ...broker, reason: result.reason });
      connection.respond(request, createResponse(request, ResponseCode.SYSTEM_ERROR, { remark: result.reason }));
      return;
    }
    if (result.status === 'stale') environment.logger.warn('a registration with an older state was ignored', broker);
    const { masterAddr, haServerAddr } =
      result.status === 'registered' ? result : { masterAddr: undefined, haServerAddr: undefined };
    const extFields = registerBrokerResponseHeader.encode({ masterAddr, haServerAddr });
    const body = config.returnOrderTopicConfigToBroker ? this.#orderedTopics() : undefined;
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { extFields, body }));
  }

  /** The broker marks these topics as ordered. */
  #orderedTopics(): Buffer | undefined {
    const topics = this.#options.kvConfig.table.namespace(orderTopicConfigNamespace);
    return topics && encodeKvTable(Object.fromEntries(topics));
  }
}

/** Brokers 5.0 to 5.5 that compress forget to say so. */
function isCompressed(request: RemotingCommand, header: RegisterBrokerHeader): boolean {
  return header.compressed === true || request.body?.[0] === zlibMagic;
}

function* bodySteps(request: RemotingCommand, header: RegisterBrokerHeader): Steps<RegisterBrokerBody> {
  if (request.body === undefined) return noTopics;
  const compressed = isCompressed(request, header);
  return yield* registerBrokerBodySteps(request.body, { compressed, senderVersion: request.version });
}
