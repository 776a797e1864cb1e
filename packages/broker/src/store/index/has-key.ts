import { findProperty, type MessageExt, PropertyName } from '@orbitmq/protocol';
import type { QueryMessageRequest } from '../message-query.js';

/** Whether a message really has the key, and the store time, that were asked for: an index entry has a hash of 31 bits only. */
export function hasKey(message: MessageExt, request: QueryMessageRequest): boolean {
  const { beginTimestamp, endTimestamp, key, kind, topic } = request;
  if (message.topic !== topic || key === '') return false;
  if (message.storeTimestamp < beginTimestamp || message.storeTimestamp > endTimestamp) return false;
  const { propertiesBytes } = message;
  if (kind === 'TAG') return findProperty(propertiesBytes, PropertyName.TAGS) === key;
  if (findProperty(propertiesBytes, PropertyName.UNIQ_KEY) === key) return true;
  if (kind === 'UNIQUE_KEY') return false;
  return findProperty(propertiesBytes, PropertyName.KEYS)?.split(' ').includes(key) === true;
}
