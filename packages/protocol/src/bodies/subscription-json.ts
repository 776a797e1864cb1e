import type { SubscriptionData } from './heartbeat.js';
import { booleanField, integerField, integerOf, listField, textField, textOf } from './json-fields.js';
import type { JsonObject } from './parse-fastjson.js';

/** SubscriptionData inside other bodies, members in Java's order (page 04 §6). */
export function subscriptionToJson(subscription: SubscriptionData): object {
  return {
    classFilterMode: subscription.classFilterMode,
    codeSet: subscription.codeSet,
    expressionType: subscription.expressionType,
    subString: subscription.subString,
    subVersion: subscription.subVersion,
    tagsSet: subscription.tagsSet,
    topic: subscription.topic,
  };
}

export function subscriptionFromJson(object: JsonObject): SubscriptionData {
  return {
    topic: textField(object, 'topic'),
    subString: textField(object, 'subString', '*'),
    tagsSet: listField(object, 'tagsSet').map((tag) => textOf(tag, 'tagsSet')),
    codeSet: listField(object, 'codeSet').map((code) => integerOf(code, 'codeSet')),
    subVersion: integerField(object, 'subVersion', 0),
    expressionType: textField(object, 'expressionType', 'TAG'),
    classFilterMode: booleanField(object, 'classFilterMode', false),
  };
}
