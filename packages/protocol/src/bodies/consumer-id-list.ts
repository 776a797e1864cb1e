import { jsonBody, listField, parseBody, textOf } from './json-fields.js';

/** Body of the answer to GET_CONSUMER_LIST_BY_GROUP (page 05 §2). */
export function encodeConsumerIdList(clientIds: readonly string[]): Buffer {
  return jsonBody({ consumerIdList: clientIds });
}

export function decodeConsumerIdList(body: Buffer): string[] {
  return listField(parseBody(body), 'consumerIdList').map((id) => textOf(id, 'consumerIdList'));
}
