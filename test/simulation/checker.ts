/**
 * The promises of a cluster, held against what its clients saw and what its brokers hold at the end. Each check is a few
 * lines over the history and adds a sentence per violation; the names are those of the promises (durable, no phantom …).
 */
import { SystemTopic } from '@orbitmq/protocol';
import type { Delivery, History, Sent } from './history.js';
import type { BrokerContent } from './read-brokers.js';
import { billing, type GroupRule, groups, topics } from './topics.js';

/** Delay levels 3 and 4. */
const firstRetryMs = 10_000;
const secondRetryMs = 30_000;
/** Between a handler's end in one process and the next sight in another, when a queue is handed over. */
const handOverMs = 2000;

export interface CheckFacts {
  readonly history: History;
  readonly brokers: readonly BrokerContent[];
}

/** True when the group has to get the message, once everything works again. */
function isOwed(rule: GroupRule, sent: Sent): boolean {
  if (sent.outcome !== 'acked' || topics[rule.topic].name !== sent.topic) return false;
  if (rule.tags !== undefined && !rule.tags.includes(sent.tag ?? '')) return false;
  return sent.parcel.flow !== 'payment' || finalOutcome(sent) === 'commit';
}

/** What is still missing: messages that a group is owed and has not finished, poisoned ones that are no dead letters yet. */
export function unfinished(history: History): string[] {
  const missing: string[] = [];
  for (const [id, sent] of history.sent) {
    for (const rule of groups) {
      if (!isOwed(rule, sent)) continue;
      const isDead = rule === billing && history.wasAcked('undertaker', id);
      if (!isDead && !history.wasAcked(rule.group, id)) missing.push(`${rule.group} ${id}`);
    }
  }
  return missing;
}

/** All violations; empty when every promise holds. */
export function check({ history, brokers }: CheckFacts): string[] {
  const { deliveries, sent } = history;
  return [
    ...history.problems,
    ...unfinished(history).map((what) => `I1 acknowledged, never finished: ${what}`),
    ...refusedNeverDelivered(deliveries, sent),
    ...offsetsNameOneMessage(deliveries, sent, brokers),
    ...commitsInsideQueues(brokers),
    ...noLag(brokers),
    ...nothingParked(brokers),
    ...sendOrder(sent),
    ...keyedOnce(brokers),
    ...orderlyOrder(deliveries),
    ...orderlyAlone(deliveries, history),
    // By the clock of its broker, which this cannot see when that is set.
    ...(history.hasClockJumps ? [] : neverEarly(deliveries, sent)),
    ...transactions(deliveries, sent),
    ...deadLetters(history),
  ];
}

/**
 * What holds besides as long as nothing breaks: every send succeeds; a message comes once per try, but for those that were
 * in a handler when their queue went to another process; delayed messages and retries are punctual.
 */
export function checkCalm(history: History): string[] {
  const wrong: string[] = [];
  const sights = new Map<string, Delivery[]>();
  for (const delivery of history.deliveries) {
    const key = `${delivery.group} ${delivery.id}`;
    const earlier = sights.get(key) ?? [];
    for (const [index, twin] of earlier.entries()) {
      // Its queue went away and came back, each time with the message in a handler: those two moves are judged, one by one.
      const wasElsewhere = earlier.slice(index + 1).some(({ process }) => process !== twin.process);
      if (twin.process === delivery.process && wasElsewhere) continue;
      wrong.push(...unexpectedTwin(key, twin, delivery, history));
    }
    sights.set(key, [...earlier, delivery]);
  }
  for (const { outcome, error, parcel } of history.sent.values()) {
    if (error !== undefined) wrong.push(`${parcel.id} was not sent: ${error}`);
    // A one-way send learns nothing, but arrives when nothing breaks.
    else if (outcome === 'unknown' && !history.wasAcked('audit', parcel.id))
      wrong.push(`${parcel.id} was sent one-way and is lost`);
  }
  for (const [key, [first, second, third]] of sights) {
    const sent = first === undefined ? undefined : history.sent.get(first.id);
    if (first === undefined || sent === undefined) continue;
    if (sent.delayMs > 0) wrong.push(...unpunctual(key, sent.startedAtMs, sent.delayMs, first));
    if (first.group !== billing.group) continue;
    if (second?.attempt === 1) wrong.push(...unpunctual(key, first.endedAtMs, firstRetryMs, second));
    if (third?.attempt === 2) wrong.push(...unpunctual(key, second?.endedAtMs, secondRetryMs, third));
  }
  return wrong;
}

/** The same try twice. */
function unexpectedTwin(key: string, first: Delivery, second: Delivery, { stoppedAtMs }: History): string[] {
  if (first.attempt !== second.attempt || first.outcome !== 'acked') return [];
  if (first.process === second.process) return [`I9 ${key} came twice to ${first.process}`];
  const endedAtMs = first.endedAtMs ?? Number.POSITIVE_INFINITY;
  if (second.startedAtMs - endedAtMs > handOverMs)
    return [`I9 ${key} came again ${second.startedAtMs - endedAtMs} ms after it was done`];
  const stopMs = stoppedAtMs.get(first.process);
  if (stopMs !== undefined && endedAtMs >= stopMs)
    return [`I17 ${key} was done by ${first.process} while it stopped, and came again`];
  return [];
}

function unpunctual(key: string, fromMs: number | undefined, delayMs: number, delivery: Delivery): string[] {
  if (fromMs === undefined) return [];
  const lateMs = delivery.startedAtMs - fromMs - delayMs;
  return lateMs < 0 || lateMs > 1000 ? [`I10 ${key} came ${lateMs} ms late`] : [];
}

/** A transaction's last word; its check is asked when `execute` left it open. */
function finalOutcome({ parcel: { plan } }: Sent): 'commit' | 'rollback' | 'unknown' {
  return plan.execute === 'unknown' ? plan.check : plan.execute;
}

function refusedNeverDelivered(deliveries: readonly Delivery[], sent: ReadonlyMap<string, Sent>): string[] {
  return deliveries
    .filter(({ id }) => sent.get(id)?.outcome === 'refused')
    .map(({ group, id }) => `I3 refused, yet delivered to ${group}: ${id} (${sent.get(id)?.error})`);
}

/** Every place that anybody was told names one message for ever, and queues have no gap. */
function offsetsNameOneMessage(
  deliveries: readonly Delivery[],
  sent: ReadonlyMap<string, Sent>,
  brokers: readonly BrokerContent[],
): string[] {
  const wrong: string[] = [];
  const seen = new Map<string, string>();
  const note = (place: string, messageId: string, who: string): void => {
    const known = seen.get(place);
    if (known === undefined) seen.set(place, messageId);
    else if (known !== messageId) wrong.push(`I4 ${place} was ${known}, and is ${messageId} for ${who}`);
  };
  for (const { queues } of brokers) {
    for (const { queue, content } of queues) {
      if (content.minOffset !== 0) wrong.push(`I4 ${queue} begins at ${content.minOffset}`);
      for (const [index, { offset, messageId }] of content.messages.entries()) {
        if (offset !== index) wrong.push(`I4 ${queue} has ${offset} in place ${index}`);
        note(`${queue}@${offset}`, messageId, 'the reader');
      }
      if (content.messages.length !== content.maxOffset)
        wrong.push(`I4 ${queue} ends at ${content.maxOffset}, not ${content.messages.length}`);
    }
  }
  for (const { outcome, place, messageId, parcel } of sent.values()) {
    if (outcome !== 'acked' || place === undefined || messageId === undefined) continue;
    if (!seen.has(place)) wrong.push(`I1 ${parcel.id} was acknowledged at ${place}, where nothing is`);
    note(place, messageId, 'its sender');
  }
  for (const { queue, queueOffset, messageId, group } of deliveries) note(`${queue}@${queueOffset}`, messageId, group);
  return wrong;
}

function commitsInsideQueues(brokers: readonly BrokerContent[]): string[] {
  const wrong: string[] = [];
  for (const { queues } of brokers) {
    for (const { queue, content, committed } of queues) {
      for (const [group, offset] of committed) {
        if (offset > content.maxOffset) wrong.push(`I5 ${group} committed ${offset} of ${content.maxOffset} in ${queue}`);
      }
    }
  }
  return wrong;
}

/** In the end every group has committed all of its queues to the last message. */
export function noLag(brokers: readonly BrokerContent[]): string[] {
  const wrong: string[] = [];
  for (const { queues } of brokers) {
    for (const { queue, content, committed } of queues) {
      const topic = queue.slice(0, queue.indexOf('@'));
      for (const rule of groups) {
        if (topics[rule.topic].name !== topic && topic !== `%RETRY%${rule.group}`) continue;
        const offset = new Map(committed).get(rule.group);
        if (offset !== content.maxOffset) wrong.push(`I8 ${rule.group} stands at ${offset} of ${content.maxOffset} in ${queue}`);
      }
    }
  }
  return wrong;
}

/** A transaction is given up only when nobody has decided it; here somebody always does. */
function nothingParked(brokers: readonly BrokerContent[]): string[] {
  const parked = brokers.flatMap(({ queues }) =>
    queues.filter(({ queue }) => queue.startsWith(SystemTopic.TRANS_CHECK_MAX_TIME)),
  );
  return parked.map(({ queue, content }) => `I11 ${content.maxOffset} transactions were given up in ${queue}`);
}

/** Acknowledged messages of one key lie in their queue in the order they were sent: the next was sent after the answer. */
function sendOrder(sent: ReadonlyMap<string, Sent>): string[] {
  const wrong: string[] = [];
  const last = new Map<string, { offset: number; id: string }>();
  for (const { shardingKey, place, parcel } of sent.values()) {
    if (shardingKey === undefined || place === undefined) continue;
    const at = place.lastIndexOf('@');
    const key = `${shardingKey} ${place.slice(0, at)}`;
    const offset = Number(place.slice(at + 1));
    const previous = last.get(key);
    if (previous !== undefined && offset <= previous.offset) wrong.push(`I6 ${parcel.id} lies before ${previous.id} in ${key}`);
    last.set(key, { offset, id: parcel.id });
  }
  return wrong;
}

/** A message with a sharding key is tried once: a second try elsewhere would overtake or be overtaken. */
function keyedOnce(brokers: readonly BrokerContent[]): string[] {
  const wrong: string[] = [];
  const places = new Map<string, string>();
  for (const { queue, content } of brokers.flatMap(({ queues }) => queues)) {
    if (!queue.startsWith(`${topics.ledger.name}@`)) continue;
    for (const { offset, messageId } of content.messages) {
      const known = places.get(messageId);
      if (known !== undefined) wrong.push(`I6 ${messageId} lies at ${known} and at ${queue}@${offset}`);
      places.set(messageId, `${queue}@${offset}`);
    }
  }
  return wrong;
}

function orderlyQueues(deliveries: readonly Delivery[]): Map<string, Delivery[]> {
  const queues = new Map<string, Delivery[]>();
  const orderly = new Set(groups.filter((rule) => rule.orderly).map(({ group }) => group));
  for (const delivery of deliveries) {
    if (!orderly.has(delivery.group)) continue;
    const key = `${delivery.group} ${delivery.queue}`;
    const queue = queues.get(key);
    if (queue === undefined) queues.set(key, [delivery]);
    else queue.push(delivery);
  }
  return queues;
}

/** First sights come in the order of the queue, and only after what lies before has succeeded. */
function orderlyOrder(deliveries: readonly Delivery[]): string[] {
  const wrong: string[] = [];
  for (const [key, queue] of orderlyQueues(deliveries)) {
    const acked = new Set<number>();
    let highest = -1;
    for (const delivery of queue) {
      const { queueOffset, id, process, startedAtMs } = delivery;
      if (queueOffset > highest) {
        const before = queue.filter(
          (one) => one.queueOffset < queueOffset && one.outcome === 'acked' && (one.endedAtMs ?? 0) <= startedAtMs,
        );
        for (const one of before) acked.add(one.queueOffset);
        for (let offset = highest; offset >= 0 && offset < queueOffset; offset += 1) {
          if (!acked.has(offset)) wrong.push(`I7 ${key}: ${process} got ${id} at ${queueOffset} before ${offset} had succeeded`);
        }
        highest = queueOffset;
      }
    }
  }
  return wrong;
}

/** Handler runs of one queue never overlap; that of a killed process ends with it. */
function orderlyAlone(deliveries: readonly Delivery[], { killedAtMs }: History): string[] {
  const wrong: string[] = [];
  for (const [key, queue] of orderlyQueues(deliveries)) {
    let running: Delivery | undefined;
    for (const delivery of queue) {
      if (running !== undefined) {
        const endMs = running.pausedAtMs ?? running.endedAtMs ?? killedAtMs.get(running.process) ?? Number.POSITIVE_INFINITY;
        if (endMs > delivery.startedAtMs) {
          wrong.push(`I7 ${key}: ${delivery.process} got ${delivery.id} while ${running.process} worked on ${running.id}`);
        }
      }
      running = delivery;
    }
  }
  return wrong;
}

function neverEarly(deliveries: readonly Delivery[], sent: ReadonlyMap<string, Sent>): string[] {
  const wrong: string[] = [];
  for (const { id, startedAtMs } of deliveries) {
    const message = sent.get(id);
    if (message === undefined || message.delayMs === 0) continue;
    const waitedMs = startedAtMs - message.startedAtMs;
    if (waitedMs < message.delayMs) wrong.push(`I10 ${id} came after ${waitedMs} of ${message.delayMs} ms`);
  }
  return wrong;
}

function transactions(deliveries: readonly Delivery[], sent: ReadonlyMap<string, Sent>): string[] {
  const wrong: string[] = [];
  for (const { id, group } of deliveries) {
    const message = sent.get(id);
    if (message?.parcel.flow !== 'payment') continue;
    const outcome = finalOutcome(message);
    if (outcome !== 'commit') wrong.push(`I11 ${id} was delivered to ${group}, though it ended with ${outcome}`);
  }
  return wrong;
}

/** Dead letters are those messages whose handlers failed too often, and of the poisoned ones all. */
function deadLetters(history: History): string[] {
  const wrong: string[] = [];
  for (const id of new Set(history.deliveries.filter(({ group }) => group === 'undertaker').map((one) => one.id))) {
    const failureCount = history.failureCount(billing.group, id);
    if (failureCount <= billing.maxReconsumeTimes) wrong.push(`I12 ${id} is a dead letter after ${failureCount} failures`);
  }
  for (const [id, sent] of history.sent) {
    if (sent.parcel.plan.failures < 0 && history.wasAcked(billing.group, id)) wrong.push(`I12 ${id} cannot have succeeded`);
  }
  return wrong;
}
