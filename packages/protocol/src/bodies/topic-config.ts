import type { TopicQueueMapping } from './topic-queue-mapping.js';

/** Version of a table; all parts equal means the same table (Java: DataVersion). */
export interface DataVersion {
  readonly counter: number;
  readonly timestamp: number;
  readonly stateVersion: number;
}

/** Java: DataVersion.equals. */
export function isSameDataVersion(a: DataVersion, b: DataVersion): boolean {
  return a.counter === b.counter && a.timestamp === b.timestamp && a.stateVersion === b.stateVersion;
}

/** One topic on one broker (Java: TopicConfig). */
export interface TopicConfig {
  readonly topicName: string;
  readonly readQueueNums: number;
  readonly writeQueueNums: number;
  readonly perm: number;
  readonly topicFilterType: 'SINGLE_TAG' | 'MULTI_TAG';
  readonly topicSysFlag: number;
  readonly order: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Body of REGISTER_BROKER (Java: RegisterBrokerBody). */
export interface RegisterBrokerBody {
  readonly dataVersion: DataVersion;
  readonly topicConfigTable: Readonly<Record<string, TopicConfig>>;
  readonly filterServerList: readonly string[];
  /** Of static topics (5.x). Absent: none. Brokers of OrbitMQ have none. */
  readonly topicQueueMappings?: readonly TopicQueueMapping[] | undefined;
}
