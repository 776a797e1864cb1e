import { defineHeader, type HeaderOf, optionalText, text } from '../header/header-codec.js';

/** PUT_KV_CONFIG (100): page 02 §8. */
const putFields = { namespace: text(), key: text(), value: text() };
export const putKvConfigHeader = defineHeader(putFields);
export type PutKvConfigHeader = HeaderOf<typeof putFields>;

/** GET_KV_CONFIG (101) and DELETE_KV_CONFIG (102). */
const keyFields = { namespace: text(), key: text() };
export const kvConfigKeyHeader = defineHeader(keyFields);
export type KvConfigKeyHeader = HeaderOf<typeof keyFields>;

/** Header of the answer to GET_KV_CONFIG. */
export const getKvConfigResponseHeader = defineHeader({ value: optionalText() });

/** GET_KVLIST_BY_NAMESPACE (219). */
export const kvNamespaceHeader = defineHeader({ namespace: text() });

/** What PUT_KV_CONFIG files the queue counts of ordered topics under, topic → `broker-a:4;broker-b:4`. */
export const orderTopicConfigNamespace = 'ORDER_TOPIC_CONFIG';
