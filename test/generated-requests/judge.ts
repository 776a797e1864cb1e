/** The promises of §1, held against what clients were told and what lies on the disk at the end. A sentence per violation. */
import { decodeProperties, type MessageExt, PropertyName, SysFlag, SystemTopic } from '@orbitmq/protocol';
import type { Decision, History } from './history.js';
import { isReply, type SentMessage } from './sent-message.js';
import type { StoredFiles, StoredQueue } from './stored-files.js';

/** What the broker writes into the properties of a message by itself, or leaves out. */
const brokerProperties: readonly string[] = [
  PropertyName.CLUSTER,
  PropertyName.MSG_REGION,
  PropertyName.TRACE_ON,
  PropertyName.UNIQ_KEY,
  PropertyName.DELAY,
  'POP_CK',
  '__CRC32#',
];
/** 1s 5s 10s 30s 1m 2m … 10m 20m 30m 1h 2h. */
const delaySeconds = [1, 5, 10, 30, ...Array.from({ length: 10 }, (_, index) => 60 * (index + 1)), 1200, 1800, 3600, 7200];
/** A delayed message is due this long before the end at the latest when it has to be there. */
const latenessMsMax = 2000;
/** A batch of four, or a message that waits and is delivered. */
const recordsOfSendMax = 4;
const ownTopics: readonly string[] = [SystemTopic.TRANS_OP_HALF, SystemTopic.OFFSET_MOVED_EVENT];

interface Stored {
  readonly record: MessageExt;
  readonly properties: Readonly<Record<string, string>>;
  readonly content: string;
}

function contentOf(body: Buffer): string {
  return body.toString('latin1');
}

export function judge(history: History, files: StoredFiles): string[] {
  const stored = files.records.map((record) => ({
    record,
    properties: decodeProperties(record.propertiesBytes),
    content: contentOf(record.body),
  }));
  return [
    ...offsetsAreContiguous(stored),
    ...queuesShowTheLog(stored, files.queues, history),
    ...acknowledgedIsThere(stored, files.queues, history),
    ...nothingUnknown(stored, history),
    ...refusedIsNowhere(stored, history),
    ...readsAgree(stored, history),
    ...neverEarly(stored, history),
    ...transactions(stored, history),
  ];
}

function isQueued({ sysFlag }: MessageExt): boolean {
  const type = sysFlag & SysFlag.TRANSACTION_MASK;
  return type === SysFlag.TRANSACTION_NOT || type === SysFlag.TRANSACTION_COMMIT;
}

function queueOf({ queueId, topic }: { readonly topic: string; readonly queueId: number }): string {
  return `${topic}@${queueId}`;
}

/** I4: in the order of the log each queue counts from 0 on, by ones, also when its topic was deleted meanwhile. */
function offsetsAreContiguous(stored: readonly Stored[]): string[] {
  const wrong: string[] = [];
  const next = new Map<string, number>();
  for (const { record } of stored) {
    if (!isQueued(record)) continue;
    const queue = queueOf(record);
    const expected = next.get(queue) ?? 0;
    if (record.queueOffset !== expected) wrong.push(`I4 ${queue} has ${record.queueOffset} where ${expected} comes next`);
    next.set(queue, record.queueOffset + 1);
  }
  return wrong;
}

/** I15: a queue's entries are the log's records of it, without a gap up to the last. */
function queuesShowTheLog(stored: readonly Stored[], queues: readonly StoredQueue[], { deletedTopics }: History): string[] {
  const wrong: string[] = [];
  const byPlace = new Map(stored.map(({ record }) => [record.physicalOffset, record]));
  const ends = new Map<string, number>();
  for (const queue of queues) {
    const { firstOffset, physicalOffsets } = queue;
    for (const [index, physicalOffset] of physicalOffsets.entries()) {
      const record = byPlace.get(physicalOffset);
      const isRight = record !== undefined && queueOf(record) === queueOf(queue) && record.queueOffset === firstOffset + index;
      if (!isRight)
        wrong.push(`I15 ${queueOf(queue)} has at ${firstOffset + index} what lies at ${physicalOffset}: ${record?.topic}`);
    }
    ends.set(queueOf(queue), firstOffset + physicalOffsets.length);
  }
  for (const { record } of stored) {
    const end = ends.get(queueOf(record)) ?? 0;
    if (!isQueued(record) || record.queueOffset < end || deletedTopics.has(record.topic)) continue;
    wrong.push(`I15 ${queueOf(record)} ends at ${end}, the log has ${record.queueOffset}`);
  }
  return wrong;
}

/** I1: every message that was acknowledged lies where its sender was told, as it was sent, and its queue shows it. */
function acknowledgedIsThere(stored: readonly Stored[], queues: readonly StoredQueue[], history: History): string[] {
  const wrong: string[] = [];
  const byPlace = new Map(stored.map((one) => [one.record.physicalOffset, one]));
  const shown = new Set(queues.flatMap((queue) => queue.physicalOffsets.map((offset) => `${queueOf(queue)} ${offset}`)));
  for (const sent of history.sent) {
    if (sent.outcome !== 'acked' || sent.physicalOffset === undefined) continue;
    const one = byPlace.get(sent.physicalOffset);
    const name = `${sent.topic} of step ${sent.step}`;
    if (one === undefined || !one.record.body.equals(sent.body)) {
      wrong.push(`I1 ${name} was acknowledged at ${sent.physicalOffset}, where it is not`);
      continue;
    }
    if (sent.kind !== 'plain') continue;
    const { record } = one;
    if (record.topic !== sent.topic || record.queueId !== sent.queueId || record.queueOffset !== sent.queueOffset)
      wrong.push(
        `I1 ${name} was acknowledged in ${sent.queueId} at ${sent.queueOffset}, it is in ${queueOf(record)} at ${record.queueOffset}`,
      );
    if (!sent.mayBeGone && !shown.has(`${queueOf(record)} ${sent.physicalOffset}`)) wrong.push(`I1 ${name} is in no queue`);
    wrong.push(...changedProperties(name, sent.properties, one.properties));
  }
  return wrong;
}

function changedProperties(
  name: string,
  sent: Readonly<Record<string, string>>,
  stored: Readonly<Record<string, string>>,
): string[] {
  const wrong: string[] = [];
  for (const property of new Set([...Object.keys(sent), ...Object.keys(stored)])) {
    if (brokerProperties.includes(property) || property.startsWith('__RMQ.TRANSIENT.')) continue;
    if (sent[property] !== stored[property])
      wrong.push(
        `I2 ${name}: property ${property} was ${JSON.stringify(sent[property])}, is ${JSON.stringify(stored[property])}`,
      );
  }
  const { UNIQ_KEY: key } = sent;
  if (key !== undefined && stored[PropertyName.UNIQ_KEY] !== key) wrong.push(`I2 ${name}: its unique key was ${key}`);
  return wrong;
}

function isBrokers(topic: string): boolean {
  return ownTopics.includes(topic) || topic.startsWith('rmq_sys_');
}

function isRetry(topic: string): boolean {
  return topic.startsWith('%RETRY%') || topic.startsWith('%DLQ%');
}

function isWaitingRoom(topic: string): boolean {
  return topic === SystemTopic.SCHEDULE || topic === SystemTopic.TRANS_HALF || topic === SystemTopic.TRANS_CHECK_MAX_TIME;
}

/** I2, I3 and I9: every record comes from a send, and from one that was not refused; from each as often as it was sent. */
function nothingUnknown(stored: readonly Stored[], history: History): string[] {
  const wrong: string[] = [];
  const origins = new Map<string, SentMessage[]>();
  for (const sent of history.sent) {
    const key = contentOf(sent.body);
    origins.set(key, [...(origins.get(key) ?? []), sent]);
  }
  const places = new Set(
    history.sent.flatMap(({ outcome, physicalOffset }) =>
      outcome === 'acked' && physicalOffset !== undefined ? [physicalOffset] : [],
    ),
  );
  const used = new Set<SentMessage>();
  let garbledCount = 0;
  for (const { content, record } of stored) {
    if (isBrokers(record.topic) || places.has(record.physicalOffset)) continue;
    const possible = (origins.get(content) ?? []).filter(({ outcome }) => outcome !== 'refused');
    const where = `${queueOf(record)} at ${record.queueOffset}`;
    if (possible.length === 0) {
      garbledCount += 1;
      if (garbledCount > history.damagedSends * recordsOfSendMax)
        wrong.push(`I2 ${where} has what nobody sent: ${content.slice(0, 60)}`);
    } else if (!isRetry(record.topic) && !isWaitingRoom(record.topic)) {
      const unknown = possible.find(
        (sent) => sent.kind === 'plain' && sent.outcome === 'unknown' && sent.topic === record.topic && !used.has(sent),
      );
      if (unknown !== undefined) used.add(unknown);
      else if (possible.every(({ kind }) => kind === 'plain')) wrong.push(`I9 ${where} has again: ${content.slice(0, 60)}`);
    }
  }
  return wrong;
}

/** I3. */
function refusedIsNowhere(stored: readonly Stored[], history: History): string[] {
  const contents = new Set(stored.filter(({ record }) => !isBrokers(record.topic)).map(({ content }) => content));
  const taken = new Set(history.sent.filter(({ outcome }) => outcome !== 'refused').map(({ body }) => contentOf(body)));
  return history.sent
    .filter(({ body, outcome }) => outcome === 'refused' && contents.has(contentOf(body)) && !taken.has(contentOf(body)))
    .map(({ step, topic }) => `I3 ${topic} of step ${step} was refused, and is stored`);
}

/** I4: whoever read a place saw what lies there. */
function readsAgree(stored: readonly Stored[], { seen }: History): string[] {
  const wrong: string[] = [];
  for (const { record } of stored) {
    const before = seen.get(`${queueOf(record)}@${record.queueOffset}`);
    if (before !== undefined && before !== fingerprint(record))
      wrong.push(`I4 ${queueOf(record)} at ${record.queueOffset} was read as something else`);
  }
  return wrong;
}

/** What two reads of one place must have in common. */
export function fingerprint(record: MessageExt): string {
  return [record.physicalOffset, record.storeTimestamp, contentOf(record.body), record.propertiesBytes.toString('latin1')].join(
    '|',
  );
}

/** I10: what comes out of the waiting room was in it for its delay, and comes when that is over. */
function neverEarly(stored: readonly Stored[], history: History): string[] {
  const wrong: string[] = [];
  const waiting = stored.filter(({ record }) => record.topic === SystemTopic.SCHEDULE);
  const sentPlaces = new Set(history.sent.map(({ physicalOffset }) => physicalOffset));
  // Replies are handed on at once.
  const replies = new Set(history.sent.filter(({ code }) => isReply(code)).map(({ body }) => contentOf(body)));
  const isOf = (from: Stored, to: Stored): boolean =>
    from.content === to.content &&
    from.properties[PropertyName.REAL_TOPIC] === to.record.topic &&
    from.record.reconsumeTimes === to.record.reconsumeTimes;
  const delivered = stored.filter(
    ({ content, properties, record }) =>
      !replies.has(content) &&
      Number(properties[PropertyName.DELAY]) > 0 &&
      record.topic !== SystemTopic.SCHEDULE &&
      !sentPlaces.has(record.physicalOffset),
  );
  for (const one of delivered) {
    const before = waiting.filter((from) => isOf(from, one) && from.record.physicalOffset < one.record.physicalOffset);
    const isEarly = before.every((from) => one.record.storeTimestamp < from.record.storeTimestamp + delayMsOf(from));
    if (isEarly) wrong.push(`I10 ${queueOf(one.record)} at ${one.record.queueOffset} came early: ${one.content.slice(0, 60)}`);
  }
  if (!history.isOperated) {
    for (const from of waiting) {
      const dueMs = from.record.storeTimestamp + delayMsOf(from);
      if (dueMs > history.endMs - latenessMsMax || delivered.some((one) => isOf(from, one))) continue;
      wrong.push(`I10 never came, and was due ${history.endMs - dueMs} ms ago: ${from.content.slice(0, 60)}`);
    }
  }
  return wrong;
}

function delayMsOf({ properties }: Stored): number {
  const level = Math.min(Number(properties[PropertyName.DELAY]), delaySeconds.length);
  return (delaySeconds[level - 1] ?? 0) * 1000;
}

/** I11: only what was committed is delivered, once; the first decision that was answered wins. */
function transactions(stored: readonly Stored[], history: History): string[] {
  const wrong: string[] = [];
  const halves = stored.filter(({ record }) => record.topic === SystemTopic.TRANS_HALF);
  for (const content of new Set(halves.map((half) => half.content))) {
    const places = new Set(halves.filter((half) => half.content === content).map(({ record }) => record.physicalOffset));
    const others = history.sent.filter(({ body, kind }) => kind !== 'half' && contentOf(body) === content);
    // Without a name of its own nobody can tell it from another.
    if (others.length > 0) continue;
    if (history.damagedDecisions > 0) continue;
    const decisions = history.decisions.filter(({ physicalOffset }) => places.has(physicalOffset));
    const isOut = ({ record }: Stored): boolean =>
      !isWaitingRoom(record.topic) && !isRetry(record.topic) && !isBrokers(record.topic);
    const delivered = stored.filter((one) => one.content === content && isOut(one));
    wrong.push(...unfitting(content, decisions, delivered.length, history.isOperated));
  }
  return wrong;
}

function unfitting(content: string, decisions: readonly Decision[], deliveredCount: number, isOperated: boolean): string[] {
  const name = content.slice(0, 60);
  if (deliveredCount > 1) return [`I11 delivered ${deliveredCount} times: ${name}`];
  const answered = decisions.find(({ isTaken }) => isTaken);
  const isOpen = decisions.some(({ isTaken, wasAnswered }) => !isTaken && !wasAnswered);
  if (deliveredCount === 1 && !decisions.some(({ isCommit }) => isCommit))
    return [`I11 delivered, though nobody committed: ${name}`];
  if (isOpen || answered === undefined) return [];
  if (deliveredCount === 1 && !answered.isCommit) return [`I11 delivered after a rollback: ${name}`];
  if (deliveredCount === 0 && answered.isCommit && !isOperated) return [`I11 committed, and not delivered: ${name}`];
  return [];
}
