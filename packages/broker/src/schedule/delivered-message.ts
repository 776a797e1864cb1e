import { checkTopicName, findProperty, type MessageExt, PropertyName, SystemTopic } from '@orbitmq/protocol';
import { copyMessage } from '../store/copy-message.js';
import type { MessageToStore } from '../store/message-store.js';
import { parseJavaInt } from './parse-java-int.js';

/**
 * The message that consumers get when its delay is over (Java: ScheduleMessageService.messageTimeUp; page 25 §1.2). The property
 * bytes are those of the delayed record, so they still name DELAY, REAL_TOPIC and REAL_QID, as in 4.x and 5.x. Undefined for what
 * cannot be delivered: without a destination, or a half message (page 06 §4).
 */
export function deliveredMessage(delayed: MessageExt): MessageToStore | undefined {
  const topic = findProperty(delayed.propertiesBytes, PropertyName.REAL_TOPIC);
  const queueId = parseJavaInt(findProperty(delayed.propertiesBytes, PropertyName.REAL_QUEUE_ID) ?? '');
  if (topic === undefined || queueId === undefined || queueId < 0 || checkTopicName(topic) !== undefined) return undefined;
  if (topic === SystemTopic.TRANS_HALF || topic === SystemTopic.SCHEDULE) return undefined;
  return copyMessage(delayed, { topic, queueId, properties: delayed.propertiesBytes });
}
