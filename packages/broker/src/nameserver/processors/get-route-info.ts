/** GET_ROUTEINFO_BY_TOPIC (105) from clients of every version (Java: ClientRequestProcessor, ZoneRouteRPCHook; page 02 §7). */
import {
  createResponse,
  encodeRoute,
  getRouteInfoHeader,
  orderTopicConfigNamespace,
  type RemotingCommand,
  ResponseCode,
  versionStandardJsonRoute,
  zoneHeader,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { NamesrvConfig } from '../../config/namesrv-config.js';
import { presentActingMasters } from '../acting-master.js';
import type { KvConfigStore } from '../kv-config-store.js';
import type { RouteTable } from '../route-table.js';
import { routeOfZone } from '../zone-route.js';

export interface GetRouteInfoProcessorOptions {
  readonly routes: RouteTable<ServerConnection>;
  readonly kvConfig: KvConfigStore;
  readonly config: () => NamesrvConfig;
  /** Milliseconds since the NameServer started. */
  readonly runningMs: () => number;
}

export class GetRouteInfoProcessor implements RequestProcessor {
  readonly #options: GetRouteInfoProcessorOptions;

  constructor(options: GetRouteInfoProcessorOptions) {
    this.#options = options;
  }

  process(request: RemotingCommand, connection: ServerConnection): void {
    const { routes, kvConfig } = this.#options;
    const { topic, acceptStandardJsonOnly } = getRouteInfoHeader.decodeCommand(request);
    const config = this.#options.config();
    if (config.needWaitForService && this.#options.runningMs() < config.waitSecondsForService * 1000) {
      connection.respond(request, createResponse(request, ResponseCode.SYSTEM_ERROR, { remark: 'name server not ready' }));
      return;
    }
    const known = routes.route(topic);
    if (known === undefined) {
      const remark = `No topic route info in name server for the topic: ${topic}`;
      connection.respond(request, createResponse(request, ResponseCode.TOPIC_NOT_EXIST, { remark }));
      return;
    }
    const shown = routeOfZone(
      config.supportActingMaster ? presentActingMasters(topic, known) : known,
      zoneHeader.decodeCommand(request),
    );
    const orderTopicConf = config.orderMessageEnable ? kvConfig.table.get(orderTopicConfigNamespace, topic) : undefined;
    const standardJson = acceptStandardJsonOnly === true || request.version >= versionStandardJsonRoute;
    const body = encodeRoute({ ...shown, orderTopicConf }, { standardJson });
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }
}
