import { jsonBody, listField, optionalTextField, parseBody, textOf } from './json-fields.js';

/** Names of topics; `brokerAddr` only in the answer to GET_SYSTEM_TOPIC_LIST_FROM_NS and _FROM_BROKER (Java: TopicList; page 02 §8). */
export interface TopicList {
  readonly topicList: readonly string[];
  readonly brokerAddr?: string | undefined;
}

export function encodeTopicList(list: TopicList): Buffer {
  return jsonBody({ brokerAddr: list.brokerAddr, topicList: list.topicList });
}

export function decodeTopicList(body: Buffer): TopicList {
  const object = parseBody(body);
  return {
    topicList: listField(object, 'topicList').map((name) => textOf(name, 'topicList')),
    brokerAddr: optionalTextField(object, 'brokerAddr'),
  };
}
