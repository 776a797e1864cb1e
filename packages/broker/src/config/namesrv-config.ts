/** The NameServer's configuration under RocketMQ's key names (page 23 §13). Durations in milliseconds unless the name says otherwise. */
export interface NamesrvConfig {
  /** 0 picks a free port. */
  readonly listenPort: number;
  /** RocketMQ 5: bindAddress. Default 127.0.0.1; RocketMQ: 0.0.0.0. */
  readonly bindAddress: string;
  /** Where PUT_KV_CONFIG keeps its tables. `~/` is the home directory. */
  readonly kvConfigPath: string;
  /** Where UPDATE_NAMESRV_CONFIG writes what it changed; the file of the command line when there is one. */
  readonly configStorePath: string;
  /** Routes carry the queue counts of ordered topics (KV namespace ORDER_TOPIC_CONFIG). */
  readonly orderMessageEnable: boolean;
  /** Brokers are told which topics are ordered when they register. */
  readonly returnOrderTopicConfigToBroker: boolean;
  /** How often dead brokers are looked for. */
  readonly scanNotActiveBrokerInterval: number;
  readonly serverChannelMaxIdleTimeSeconds: number;
  /** While a master is away, its lowest slave is shown in its place for what needs no write. */
  readonly supportActingMaster: boolean;
  /** Whether tools may list all topics. */
  readonly enableAllTopicList: boolean;
  /** Whether tools may list topics of a cluster, of units, and of the system. */
  readonly enableTopicList: boolean;
  /** Brokers are told when the lowest id of their name changes. */
  readonly notifyMinBrokerIdChanged: boolean;
  /** Routes are refused for the first `waitSecondsForService` seconds, so that no client sees half of them. */
  readonly needWaitForService: boolean;
  readonly waitSecondsForService: number;
  /** A registration removes the topics of the broker that it does not name. */
  readonly deleteTopicWithBrokerRegistration: boolean;
  /** Keys that UPDATE_NAMESRV_CONFIG refuses, separated by `;`, besides those it always refuses. */
  readonly configBlackList: string;
}

export const defaultNamesrvConfig: NamesrvConfig = {
  listenPort: 9876,
  bindAddress: '127.0.0.1',
  kvConfigPath: '~/namesrv/kvConfig.json',
  configStorePath: '~/namesrv/namesrv.properties',
  orderMessageEnable: false,
  returnOrderTopicConfigToBroker: true,
  scanNotActiveBrokerInterval: 5000,
  serverChannelMaxIdleTimeSeconds: 120,
  supportActingMaster: false,
  enableAllTopicList: true,
  enableTopicList: true,
  notifyMinBrokerIdChanged: false,
  needWaitForService: false,
  waitSecondsForService: 45,
  deleteTopicWithBrokerRegistration: false,
  configBlackList: 'configBlackList;configStorePath;kvConfigPath',
};
