/** The attributes a group can have (Java: SubscriptionGroupAttributes; page 00 §4). */
import { type AttributeRules, enumAttribute, rangeAttribute, textAttribute } from '../metadata/attribute-changes.js';

const eventCountMin = 10;

export const groupAttributeRules: AttributeRules = new Map([
  ['priority.factor', rangeAttribute(0, 100)],
  ['lite.bind.topic', textAttribute()],
  ['lite.sub.model', enumAttribute('Shared', 'Exclusive')],
  ['lite.sub.client.quota', rangeAttribute(-1, 'unlimited')],
  ['lite.sub.client.max.event.cnt', rangeAttribute(eventCountMin, 'unlimited')],
  ['lite.sub.reset.offset.exclusive', textAttribute()],
  ['lite.sub.reset.offset.unsubscribe', textAttribute()],
  ['lite.sub.wildcard', textAttribute()],
]);
