import { expect, test } from 'vitest';
import { isTopicName } from './topic-name.js';

test.each([
  'orders',
  '%RETRY%group_topic',
  '%RETRY%group+topic',
  '%LMQ%$parent$child',
  'my.cluster_REPLY_TOPIC',
  'rmq_sys_REVIVE_LOG_DefaultCluster',
  'a'.repeat(255),
  'grün',
  'a|b',
])('%s may become a directory', (topic) => {
  expect(isTopicName(topic)).toBe(true);
});

test.each(['', '.', '..', 'a/b', '../orders', 'a\\b', 'a\0b', 'a\nb', 'a b', 'a'.repeat(256), 'ü'.repeat(128)])(
  '%j may not',
  (topic) => {
    expect(isTopicName(topic)).toBe(false);
  },
);
