import type { TopicQueueMapping } from './topic-queue-mapping.js';

/** Permission bits of a topic on a broker (page 02 §7). */
export const Permission = { INHERIT: 1, WRITE: 2, READ: 4 } as const;

/** How many queues of a topic a broker has. */
export interface QueueData {
  readonly brokerName: string;
  readonly readQueueNums: number;
  readonly writeQueueNums: number;
  readonly perm: number;
  readonly topicSysFlag: number;
}

export interface BrokerData {
  readonly cluster: string;
  readonly brokerName: string;
  /** Broker id (0: master) → `host:port`. */
  readonly brokerAddrs: Readonly<Record<string, string>>;
  /** 5.x: a slave may take a master's place for what needs no write. Missing: false. */
  readonly enableActingMaster?: boolean | undefined;
  /** 5.x: where the broker stands; routes can be asked for one zone. */
  readonly zoneName?: string | undefined;
}

/** Answer to GET_ROUTEINFO_BY_TOPIC (Java: TopicRouteData). */
export interface TopicRouteData {
  readonly queueDatas: readonly QueueData[];
  readonly brokerDatas: readonly BrokerData[];
  /** `broker-a:4;broker-b:4`, only for ordered topics. */
  readonly orderTopicConf?: string | undefined;
  /** Broker address → its filter servers. Absent: none. */
  readonly filterServers?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Broker name → its queues of a static topic (5.x). Absent: the topic is not static. */
  readonly queueMappings?: ReadonlyMap<string, TopicQueueMapping> | undefined;
}
