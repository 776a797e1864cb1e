import type { BrokerStats } from '../stats/broker-stats.js';
import { recordSizeOf } from '../store/commit-log/record-size.js';
import type { MessageToStore } from '../store/message-store.js';

/**
 * A timed message that was delivered is one more that its topic got to `statsAll` and its like; whoever exports metrics has counted it
 * when it was sent, as with Java.
 */
export function countTimedDelivery(stats: Pick<BrokerStats, 'topicPuts'>): (message: MessageToStore) => void {
  return (message) => stats.topicPuts(message.topic).addMoved(1, recordSizeOf(message, message.topic));
}
