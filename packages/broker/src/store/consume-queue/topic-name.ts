/** Longest name of a retry or dead-letter topic (page 24). */
const topicCharactersMax = 255;
const topicPattern = /^[%|a-zA-Z0-9_-]+$/;

/**
 * Whether a name may become a directory of queues. The broker checks names by RocketMQ's rules; this also guards the store
 * against names that come out of damaged records: none of them can leave the store's directory.
 */
export function isTopicName(topic: string): boolean {
  return topic.length <= topicCharactersMax && topicPattern.test(topic);
}
