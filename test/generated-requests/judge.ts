/** The promises of §1, held against what clients were told and what lies on the disk at the end. A sentence per violation. */
import { type MessageExt, PropertyName, SysFlag, SystemTopic } from '@orbitmq/protocol';
import type { Decision, History } from './history.js';
import { sendBacks } from './judge-send-backs.js';
import { isDelivery, waits } from './judge-waits.js';
import type { SentMessage } from './sent-message.js';
import type { StoredFiles, StoredQueue } from './stored-files.js';
import { contentOf, isBrokers, isRetry, isWaitingRoom, queueOf, type Stored, storedOf } from './stored-message.js';

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
const placeNames: readonly string[] = [PropertyName.REAL_TOPIC, PropertyName.REAL_QUEUE_ID];
/** The broker names the transaction after the message (Java: TransactionalMessageBridge). */
const halfNames: readonly string[] = [...placeNames, '__transactionId__'];
const timeNames: readonly string[] = [PropertyName.TIMER_DELAY_SEC, PropertyName.TIMER_DELAY_MS, PropertyName.TIMER_DELIVER_MS];
/** A level beside a time wins, and the time is taken out (page 25 §1.1). */
const waitNames: readonly string[] = [...placeNames, ...timeNames, PropertyName.TIMER_OUT_MS];
/** A batch of four, or a message that waits and is delivered. */
const recordsOfSendMax = 4;

export function judge(history: History, files: StoredFiles): string[] {
  const stored = files.records.map(storedOf);
  return [
    ...offsetsAreContiguous(stored),
    ...queuesShowTheLog(stored, files.queues, history),
    ...acknowledgedIsThere(stored, files.queues, history),
    ...nothingUnknown(stored, history),
    ...refusedIsNowhere(stored, history),
    ...readsAgree(stored, history),
    ...sendsAreInOrder(history),
    ...waits(stored, history),
    ...sendBacks(stored, history),
    ...transactions(stored, history),
  ];
}

function isQueued({ sysFlag }: MessageExt): boolean {
  const type = sysFlag & SysFlag.TRANSACTION_MASK;
  return type === SysFlag.TRANSACTION_NOT || type === SysFlag.TRANSACTION_COMMIT;
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
    if (sent.outcome !== 'acked') continue;
    const name = `${sent.topic} of step ${sent.step}`;
    if (sent.physicalOffset === undefined) {
      wrong.push(`I1 ${name} was acknowledged without a place`);
      continue;
    }
    const one = byPlace.get(sent.physicalOffset);
    if (one === undefined || !one.record.body.equals(sent.body)) {
      wrong.push(`I1 ${name} was acknowledged at ${sent.physicalOffset}, where it is not`);
      continue;
    }
    const { record } = one;
    if (isWaitingRoom(record.topic)) {
      wrong.push(...wrongWait(name, sent, one));
      continue;
    }
    // Sent to the retry topic too often, it is a dead letter.
    if (isRetry(sent.topic)) continue;
    if (record.topic !== sent.topic || record.queueId !== sent.queueId || record.queueOffset !== sent.queueOffset)
      wrong.push(
        `I1 ${name} was acknowledged in ${sent.queueId} at ${sent.queueOffset}, it is in ${queueOf(record)} at ${record.queueOffset}`,
      );
    if (!sent.mayBeGone && !shown.has(`${queueOf(record)} ${sent.physicalOffset}`)) wrong.push(`I1 ${name} is in no queue`);
    wrong.push(...changedProperties(name, sent.properties, one.properties));
  }
  return wrong;
}

/** What waits does so for its own topic, in the room of its kind, and is otherwise as it was sent. */
function wrongWait(name: string, sent: SentMessage, { properties, record }: Stored): string[] {
  const wrong: string[] = [];
  const isHalf = record.topic === SystemTopic.TRANS_HALF;
  if (sent.kind !== (isHalf ? 'half' : 'delayed')) wrong.push(`I2 ${name} waits in ${record.topic}`);
  const topic = properties[PropertyName.REAL_TOPIC];
  if (!isRetry(sent.topic) && topic !== sent.topic) wrong.push(`I2 ${name} waits for ${topic}`);
  const added = isHalf ? halfNames : waitNames;
  const own = (all: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(all).filter(([property]) => !added.includes(property)));
  wrong.push(...changedProperties(name, own(sent.properties), own(properties)));
  if (record.topic !== SystemTopic.TIMER) return wrong;
  for (const property of timeNames) {
    if (sent.properties[property] !== properties[property])
      wrong.push(`I2 ${name}: ${property} was ${sent.properties[property]}`);
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
  for (const one of stored) {
    const { content, properties, record } = one;
    if (isBrokers(record.topic) || places.has(record.physicalOffset) || isCancellation(one)) continue;
    const possible = (origins.get(content) ?? []).filter(({ outcome }) => outcome !== 'refused');
    const where = `${queueOf(record)} at ${record.queueOffset}`;
    if (possible.length === 0) {
      garbledCount += 1;
      if (garbledCount > history.damagedSends * recordsOfSendMax)
        wrong.push(`I2 ${where} has what nobody sent: ${content.slice(0, 60)}`);
      continue;
    }
    const topic = isTimedWait(record.topic) ? (properties[PropertyName.REAL_TOPIC] ?? '') : record.topic;
    if (isRetry(topic) || isWaitingRoom(topic) || isDelivery(one)) continue;
    const unknown = possible.find(
      (sent) => sent.kind !== 'half' && sent.outcome === 'unknown' && sent.topic === topic && !used.has(sent),
    );
    if (unknown !== undefined) used.add(unknown);
    else if (possible.every(({ kind }) => kind === 'plain' || kind === 'delayed'))
      wrong.push(`I9 ${where} has again: ${content.slice(0, 60)}`);
  }
  return wrong;
}

/** By level or by time. */
function isTimedWait(topic: string): boolean {
  return topic === SystemTopic.SCHEDULE || topic === SystemTopic.TIMER;
}

/** RECALL_MESSAGE stores one, of no client's. */
function isCancellation({ properties, record }: Stored): boolean {
  return record.topic === SystemTopic.TIMER && properties[PropertyName.TIMER_DEL_UNIQKEY] !== undefined;
}

/** I3. */
function refusedIsNowhere(stored: readonly Stored[], history: History): string[] {
  const contents = new Set(stored.filter(({ record }) => !isBrokers(record.topic)).map(({ content }) => content));
  const taken = new Set(history.sent.filter(({ outcome }) => outcome !== 'refused').map(({ body }) => contentOf(body)));
  return history.sent
    .filter(({ body, outcome }) => outcome === 'refused' && contents.has(contentOf(body)) && !taken.has(contentOf(body)))
    .map(({ step, topic }) => `I3 ${topic} of step ${step} was refused, and is stored`);
}

/** I4 and I5: whoever read a place saw what lies there, and nothing that was not to stay. */
function readsAgree(stored: readonly Stored[], { seen }: History): string[] {
  const wrong: string[] = [];
  const unfound = new Set(seen.keys());
  for (const { record } of stored) {
    const place = `${queueOf(record)}@${record.queueOffset}`;
    const before = seen.get(place);
    unfound.delete(place);
    if (before !== undefined && before !== fingerprint(record))
      wrong.push(`I4 ${queueOf(record)} at ${record.queueOffset} was read as something else`);
  }
  for (const place of unfound) wrong.push(`I5 ${place} was read and is not there`);
  return wrong;
}

/** I6: what was sent when another was acknowledged lies behind it in their queue. */
function sendsAreInOrder({ sent }: History): string[] {
  const acked = sent.filter(({ kind, outcome }) => kind === 'plain' && outcome === 'acked');
  const byQueue = new Map<string, SentMessage[]>();
  for (const one of acked) {
    const queue = `${one.topic}@${one.queueId}`;
    byQueue.set(queue, [...(byQueue.get(queue) ?? []), one]);
  }
  return [...byQueue].flatMap(([queue, messages]) =>
    messages
      .filter((later) =>
        messages.some(
          ({ ackedAt = Number.POSITIVE_INFINITY, queueOffset = 0 }) =>
            ackedAt < later.saidAt && queueOffset >= (later.queueOffset ?? 0),
        ),
      )
      .map(
        ({ queueOffset, step }) => `I6 ${queue}: what step ${step} sent lies at ${queueOffset}, before what was there already`,
      ),
  );
}

/** What two reads of one place must have in common. */
export function fingerprint(record: MessageExt): string {
  return [record.physicalOffset, record.storeTimestamp, contentOf(record.body), record.propertiesBytes.toString('latin1')].join(
    '|',
  );
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
    // A half may be for a retry topic; what a consumer sent back is another message.
    const isOut = ({ properties, record }: Stored): boolean =>
      !isWaitingRoom(record.topic) && !isBrokers(record.topic) && properties[PropertyName.ORIGIN_MESSAGE_ID] === undefined;
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
