/** Which request goes where (Java: NamesrvController.registerProcessor). */
import type { Environment } from '@orbitmq/core/kernel';
import { type RemotingCommand, RequestCode } from '@orbitmq/protocol';
import type { RemotingServer, ServerConnection } from '@orbitmq/remoting';
import { LargeRequests } from '../large-requests.js';
import type { KvConfigStore } from './kv-config-store.js';
import type { NamesrvConfigManager } from './namesrv-config-manager.js';
import { BrokerHeartbeatProcessor } from './processors/broker-heartbeat.js';
import { BrokerMemberGroupProcessor } from './processors/broker-member-group.js';
import { DeleteTopicProcessor } from './processors/delete-topic.js';
import { GetClusterInfoProcessor } from './processors/get-cluster-info.js';
import { GetRouteInfoProcessor } from './processors/get-route-info.js';
import { NamesrvConfigProcessor } from './processors/namesrv-config.js';
import { QueryDataVersionProcessor } from './processors/query-data-version.js';
import { ReadKvConfigProcessor } from './processors/read-kv-config.js';
import { RegisterBrokerProcessor } from './processors/register-broker.js';
import { RegisterTopicProcessor } from './processors/register-topic.js';
import { TopicListProcessor, topicListCodes } from './processors/topic-lists.js';
import { UnregisterBrokerProcessor } from './processors/unregister-broker.js';
import { WriteKvConfigProcessor } from './processors/write-kv-config.js';
import { WritePermissionProcessor } from './processors/write-permission.js';
import type { RouteTable } from './route-table.js';

export interface NameServerParts {
  readonly environment: Environment;
  readonly routes: RouteTable<ServerConnection>;
  readonly kvConfig: KvConfigStore;
  readonly configManager: NamesrvConfigManager;
  /** Milliseconds since the start. */
  readonly runningMs: () => number;
  readonly onBrokerConnection: (connection: ServerConnection) => void;
}

/** Of registrations that wait for their turn: those of a cluster with more topics than Apache advises, all at once. */
const registrationBytesMax = 128 * 1024 * 1024;

export function registerProcessors(server: RemotingServer, parts: NameServerParts): void {
  const { environment, routes, kvConfig, configManager } = parts;
  const { clock, logger, timers } = environment;
  const large = new LargeRequests({ timers, waitingBytesMax: registrationBytesMax });
  const brokerName = (request: RemotingCommand) => request.extFields?.['brokerName'] ?? '';
  const config = () => configManager.config;
  const kvWriteCodes = [RequestCode.PUT_KV_CONFIG, RequestCode.DELETE_KV_CONFIG];
  const kvReadCodes = [RequestCode.GET_KV_CONFIG, RequestCode.GET_KVLIST_BY_NAMESPACE];
  const permissionCodes = [RequestCode.WIPE_WRITE_PERM_OF_BROKER, RequestCode.ADD_WRITE_PERM_OF_BROKER];
  const configCodes = [RequestCode.UPDATE_NAMESRV_CONFIG, RequestCode.GET_NAMESRV_CONFIG];
  server.registerProcessor([RequestCode.REGISTER_BROKER], new RegisterBrokerProcessor({ ...parts, config, large }));
  server.registerProcessor([RequestCode.UNREGISTER_BROKER], large.behind(brokerName, new UnregisterBrokerProcessor(routes)));
  server.registerProcessor(
    [RequestCode.QUERY_DATA_VERSION],
    large.behind(brokerName, new QueryDataVersionProcessor(clock, routes)),
  );
  server.registerProcessor([RequestCode.BROKER_HEARTBEAT], new BrokerHeartbeatProcessor(clock, routes));
  server.registerProcessor([RequestCode.GET_BROKER_MEMBER_GROUP], new BrokerMemberGroupProcessor(routes));
  server.registerProcessor([RequestCode.GET_ROUTEINFO_BY_TOPIC], new GetRouteInfoProcessor({ ...parts, config }));
  server.registerProcessor([RequestCode.GET_BROKER_CLUSTER_INFO], new GetClusterInfoProcessor(routes));
  server.registerProcessor(topicListCodes, new TopicListProcessor(routes, config));
  server.registerProcessor([RequestCode.DELETE_TOPIC_IN_NAMESRV], large.behind(undefined, new DeleteTopicProcessor(routes)));
  server.registerProcessor([RequestCode.REGISTER_TOPIC_IN_NAMESRV], large.behind(undefined, new RegisterTopicProcessor(routes)));
  server.registerProcessor(permissionCodes, large.behind(brokerName, new WritePermissionProcessor(routes, logger)));
  server.registerProcessor(kvWriteCodes, new WriteKvConfigProcessor(kvConfig));
  server.registerProcessor(kvReadCodes, new ReadKvConfigProcessor(kvConfig));
  server.registerProcessor(configCodes, new NamesrvConfigProcessor(configManager));
}
