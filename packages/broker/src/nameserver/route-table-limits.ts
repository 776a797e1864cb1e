/** What the tables of one NameServer may hold; what would exceed them is refused. */
export interface RouteTableLimits {
  /** Brokers of all clusters together, slaves included. */
  readonly brokersMax: number;
  /** Pairs of topic and broker name. */
  readonly topicEntriesMax: number;
  /** Filter servers of one broker. */
  readonly filterServersMax: number;
  /** Queues of static topics, of all brokers together. */
  readonly mappedQueuesMax: number;
  /** Of one static topic, of all brokers together: each route of the topic names them all. */
  readonly mappedQueuesOfTopicMax: number;
  /** Characters of a topic's name. */
  readonly topicNameLengthMax: number;
}

/** Eight times what Apache advises for a cluster; a list of so many topics still is made within a few hundredths of a second. */
export const routeTableLimits: RouteTableLimits = {
  brokersMax: 10_000,
  topicEntriesMax: 400_000,
  filterServersMax: 64,
  mappedQueuesMax: 1_000_000,
  // A topic has 65,536, and while they are given to other brokers two may name the same.
  mappedQueuesOfTopicMax: 131_072,
  // Brokers have names of 127; retry topics of old consumer groups, up to 255, and a topic are longer.
  topicNameLengthMax: 512,
};

/** Names of topics in one answer: it has to fit a frame. */
export const topicListBytesMax = 15 * 1024 * 1024;
