/**
 * The share of one consumer in a topic's queues (Java: AllocateMessageQueueAveragely; page 05 §3). Pure: every member of
 * the group computes it from the same lists, so equal inputs must give a partition of the queues.
 */
export function allocateAveragely<Queue>(
  queues: readonly Queue[],
  consumerIds: readonly string[],
  ownId: string,
): readonly Queue[] {
  const index = consumerIds.indexOf(ownId);
  if (index < 0 || queues.length === 0) return [];
  const remainder = queues.length % consumerIds.length;
  const hasExtra = index < remainder;
  const size = queues.length <= consumerIds.length ? 1 : Math.floor(queues.length / consumerIds.length) + (hasExtra ? 1 : 0);
  const start = hasExtra ? index * size : index * size + remainder;
  return queues.slice(start, start + size);
}
