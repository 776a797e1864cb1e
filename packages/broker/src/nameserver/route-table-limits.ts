/** What the tables of one NameServer may hold; what would exceed them is refused. */
export interface RouteTableLimits {
  /** Brokers of all clusters together, slaves included. */
  readonly brokersMax: number;
  /** Pairs of topic and broker name. */
  readonly topicEntriesMax: number;
  /** Characters of a topic's name. */
  readonly topicNameLengthMax: number;
}

/** Eight times what Apache advises for a cluster; a list of so many topics still is made within a few hundredths of a second. */
export const routeTableLimits: RouteTableLimits = {
  brokersMax: 10_000,
  topicEntriesMax: 400_000,
  // Brokers have names of 127; retry topics of old consumer groups, up to 255, and a topic are longer.
  topicNameLengthMax: 512,
};

/** Names of topics in one answer: it has to fit a frame. */
export const topicListBytesMax = 15 * 1024 * 1024;
