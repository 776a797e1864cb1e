import { findProperty, PropertyName, SystemTopic } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import { tagHash } from '../filter/tag-hash.js';
import type { TagsCodeOf } from '../store/tags-code-of.js';
import { type DelayLevels, parseDelayLevels } from './delay-levels.js';
import { parseJavaInt } from './parse-java-int.js';

/** Tag hash, or in the schedule topic the delivery time (Java: CommitLog.checkMessageAndReturnSize; page 25 §1.1). */
export function createTagsCodeOf(config: Pick<BrokerConfig, 'messageDelayLevel'>): TagsCodeOf {
  const levels = parseDelayLevels(config.messageDelayLevel);
  return (topic, properties, storeTimestamp) => {
    if (topic !== SystemTopic.SCHEDULE) return tagHash(properties);
    return deliveryTime(levels, properties, storeTimestamp) ?? tagHash(properties);
  };
}

function deliveryTime(levels: DelayLevels, properties: Buffer, storeTimestamp: number): number | undefined {
  const level = parseJavaInt(findProperty(properties, PropertyName.DELAY) ?? '');
  if (level === undefined || level <= 0) return undefined;
  return storeTimestamp + levels.delayMs(levels.clamp(level));
}
