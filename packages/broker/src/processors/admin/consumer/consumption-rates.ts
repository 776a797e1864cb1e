/** Rates of the last minute, from the broker's statistics (page 34 §2). */
export interface ConsumptionRates {
  /** Messages stored per second. */
  topicPutTps(topic: string): number;
  /** Messages that the group got per second. */
  groupGetTps(topic: string, group: string): number;
}
