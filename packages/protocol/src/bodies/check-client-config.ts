import type { SubscriptionData } from './heartbeat.js';
import { clientBodyBytesMax, clientBodyValuesMax, jsonBody, objectOf, parseBody, textField } from './json-fields.js';
import { subscriptionFromJson, subscriptionToJson } from './subscription-json.js';

/** Body of CHECK_CLIENT_CONFIG (page 05 §2). */
export interface CheckClientConfig {
  readonly clientId: string;
  readonly group: string;
  readonly subscription: SubscriptionData;
}

export function encodeCheckClientConfig(config: CheckClientConfig): Buffer {
  return jsonBody({
    clientId: config.clientId,
    group: config.group,
    subscriptionData: subscriptionToJson(config.subscription),
  });
}

export function decodeCheckClientConfig(body: Buffer): CheckClientConfig {
  const object = parseBody(body, clientBodyBytesMax, clientBodyValuesMax);
  return {
    clientId: textField(object, 'clientId'),
    group: textField(object, 'group'),
    subscription: subscriptionFromJson(objectOf(object.subscriptionData, 'subscriptionData')),
  };
}
