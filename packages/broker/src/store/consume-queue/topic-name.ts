/** Longest name of a file; a retry topic of RocketMQ may have as many (page 24). */
const nameBytesMax = 255;
/** Space, too, is in no name that RocketMQ gives; a damaged record is rather told by it. */
const unsafeCharacters = /[\p{Cc}\p{Zs}/\\:*?"<>]/u;

/**
 * Whether a name may become a directory of queues. The broker checks the names that clients choose by RocketMQ's rules; this
 * guards the store against names that come out of damaged records: none of them can leave the store's directory. It is wider
 * than those rules, since brokers choose names as well: with a cluster's name in them (`my.cluster_REPLY_TOPIC`), or 5.x's
 * retry topics of popped messages (`%RETRY%group+topic`). A record that is taken for damaged here ends the log.
 */
export function isTopicName(topic: string): boolean {
  if (topic === '' || topic === '.' || topic === '..') return false;
  return Buffer.byteLength(topic) <= nameBytesMax && !unsafeCharacters.test(topic);
}
