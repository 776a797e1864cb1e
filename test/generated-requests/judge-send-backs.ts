/** I12: a message that was sent back waits for its retry or is a dead letter, once for each time that it was sent back. */
import { PropertyName, SystemTopic } from '@orbitmq/protocol';
import type { History } from './history.js';
import type { Stored } from './stored-message.js';

export function sendBacks(stored: readonly Stored[], { damagedSendBacks, sentBack }: History): string[] {
  const wrong: string[] = [];
  const contents = new Map(stored.map(({ content, record }) => [record.physicalOffset, content]));
  const counts = new Map<string, { made: number; acked: number; unknown: number }>();
  const countsOf = (group: string, content: string) => {
    const key = `${group}: ${content.slice(0, 60)}`;
    const before = counts.get(key) ?? { made: 0, acked: 0, unknown: 0 };
    counts.set(key, before);
    return before;
  };
  for (const one of stored) {
    const group = groupOf(one);
    if (group !== undefined) countsOf(group, one.content).made += 1;
  }
  for (const { group, outcome, physicalOffset } of sentBack) {
    const content = contents.get(physicalOffset);
    if (content === undefined && outcome === 'acked') wrong.push(`I12 what lies nowhere was taken back: ${physicalOffset}`);
    if (content !== undefined && outcome !== 'refused') countsOf(group, content)[outcome] += 1;
  }
  let tooManyCount = 0;
  for (const [name, { acked, made, unknown }] of counts) {
    if (made < acked) wrong.push(`I12 taken back ${acked} times by ${name}, and stored ${made} times`);
    tooManyCount += Math.max(0, made - acked - unknown);
    if (made > acked + unknown && tooManyCount > damagedSendBacks)
      wrong.push(`I12 stored ${made} times for ${name}, which was sent back ${acked + unknown} times`);
  }
  return wrong;
}

/** Whose consumer sent it back; only such a record names the message that it was. What is delivered for it is the wait's. */
function groupOf({ properties, record }: Stored): string | undefined {
  if (properties[PropertyName.ORIGIN_MESSAGE_ID] === undefined) return undefined;
  const topic = record.topic === SystemTopic.SCHEDULE ? (properties[PropertyName.REAL_TOPIC] ?? '') : record.topic;
  if (topic.startsWith('%DLQ%')) return topic.slice('%DLQ%'.length);
  return record.topic === SystemTopic.SCHEDULE && topic.startsWith('%RETRY%') ? topic.slice('%RETRY%'.length) : undefined;
}
