import { SystemTopic } from '@orbitmq/protocol';
import type { BrokerStats } from '../stats/broker-stats.js';
import { MessageType } from '../stats/message-type.js';
import { recordSizeOf } from '../store/commit-log/record-size.js';
import type { MessageToStore } from '../store/message-store.js';

/** Who takes delayed messages out of their queues, to who counts (Java: ScheduleMessageService). */
const scheduleGroup = 'SCHEDULE_CONSUMER';

export type OnDelivered = (message: MessageToStore) => void;

/** A delayed message that was delivered is one more that its topic got, and one that a group was given (Java: enableScheduleMessageStats). */
export function countDelivery(stats: Pick<BrokerStats, 'groupGets' | 'topicPuts'>): OnDelivered {
  return (message) => {
    const sizeBytes = recordSizeOf(message, message.topic);
    stats.topicPuts(message.topic).add(1, sizeBytes, MessageType.DELAY);
    const gets = stats.groupGets(SystemTopic.SCHEDULE, scheduleGroup);
    gets.nums.add(1, 1);
    gets.sizes.add(sizeBytes, 1);
  };
}
