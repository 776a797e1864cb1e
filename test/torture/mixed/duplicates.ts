/**
 * I9: a message is seen done twice by a group only for a reason, and every reason is counted.
 *
 * At one place of one queue it may be done again only by a consumer that took the queue anew, because of a disturbance, and only if
 * it was done so shortly before that disturbance that its offset may not have been committed: that window bounds how many a disturbance
 * can bring back. What was given back there comes again in the same way, beside its copy. At another place it may be done again only
 * if something stored it again: its producer, which heard no answer from an ending broker, a killed broker, which did not write down that
 * its moment had come, the group that gave it back more than once, or a give-back whose answer an ending broker
 * took with it.
 */
import type { Delivery, History } from '../../simulation/history.js';
import type { BrokerContent } from '../../simulation/read-brokers.js';
import { billing, groups } from '../../simulation/topics.js';
import type { QueueTakes } from './queue-takes.js';

/** Something that may bring messages back: a broker that ended, a consumer that came or went. */
export interface Disturbance {
  readonly atMs: number;
  readonly what: string;
  /** Until everybody has his queues again, ms. */
  readonly settleMs: number;
  /** Of a broker: it may have kept offsets, locks and answers to itself. */
  readonly isBrokerEnd: boolean;
  /** It had no time to write down what it knew. */
  readonly isKill: boolean;
}

export interface Duplicates {
  /** By what brought them back. */
  readonly byReason: Readonly<Record<string, number>>;
  /** Those that nothing explains. */
  readonly unexplained: readonly string[];
}

export interface DuplicateFacts {
  readonly history: History;
  readonly brokers: readonly BrokerContent[];
  readonly disturbances: readonly Disturbance[];
  readonly takes: QueueTakes;
}

/**
 * From a message's end to the file of its offset: a handler of 6 s before it in the queue, 5 s until a client tells an offset that its
 * broker may have lost, 5 s until the broker writes it; the rest is for a busy machine.
 */
const uncommittedMsMax = 30_000;
/** A queue whose holder could not unlock it, since its broker was down, stays locked for so long. */
const lockedMs = 60_000;
/** A send that met an ending broker began before that, or soon after the broker was up again. */
const metEndMs = 5000;
/** A broker writes down every 10 s up to where delayed messages were delivered, and every second up to which moment; the rest is for a busy machine. */
const unwrittenMomentsMs = 15_000;
/** A give-back is tried for 5 s, and again 5 s later. */
const giveBackMs = 10_000;
/** A handler begins a little after its client began to count. */
const limitShare = 0.75;

const overran = 'a handler that took longer than its limit';
const sentTwice = 'a send repeated by its producer';
const givenBackTwice = 'a message given back more than once';

export function findDuplicates(facts: DuplicateFacts): Duplicates {
  const storedTwice = messagesStoredTwice(facts.brokers);
  const byMessage = deliveriesByMessage(facts.history);
  const byReason: Record<string, number> = {};
  const unexplained: string[] = [];
  for (const [key, deliveries] of byMessage) {
    const done: Delivery[] = [];
    for (const [index, again] of deliveries.entries()) {
      if (again.outcome !== 'acked') continue;
      const there = done.findLast((one) => isSamePlace(one, again));
      const first = there ?? done.at(-1);
      done.push(again);
      if (first === undefined) continue;
      // Given back there, and the copy was done meanwhile.
      const givenBackThere = deliveries.slice(0, index).findLast((one) => isSamePlace(one, again));
      let reason: string | undefined;
      if (there !== undefined) reason = reasonAtSamePlace(there, again, facts);
      else if (storedTwice.has(`${again.topic} ${again.messageId}`)) reason = reasonOfSecondCopy(first, again, facts);
      else {
        reason = givenBackThere && reasonAtSamePlace(givenBackThere, again, facts);
        reason ??= reasonOfCopy(done, again, giveBacksOf(again, byMessage), facts);
      }
      if (reason === undefined) {
        unexplained.push(`I9 ${key} was done ${placeAndTime(first)} and ${placeAndTime(again)}`);
      } else byReason[reason] = (byReason[reason] ?? 0) + 1;
    }
  }
  return { byReason, unexplained };
}

function placeAndTime({ endedAtMs, process, queue, queueOffset, startedAtMs }: Delivery): string {
  return `at ${queue}@${queueOffset} by ${process} (${startedAtMs.toFixed(0)} to ${endedAtMs?.toFixed(0)} ms)`;
}

type DeliveriesByMessage = ReadonlyMap<string, readonly Delivery[]>;

/** By group and id, in the order of their starts. */
function deliveriesByMessage({ deliveries }: History): DeliveriesByMessage {
  const byMessage = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    const key = `${delivery.group} ${delivery.id}`;
    const known = byMessage.get(key);
    if (known === undefined) byMessage.set(key, [delivery]);
    else known.push(delivery);
  }
  return byMessage;
}

function isSamePlace(left: Delivery, right: Delivery): boolean {
  return left.queue === right.queue && left.queueOffset === right.queueOffset;
}

function reasonAtSamePlace(first: Delivery, again: Delivery, { disturbances, takes }: DuplicateFacts): string | undefined {
  // Its call was settled without it, and the give-back may have failed.
  if (hasOverrun(first)) return overran;
  const take = takes.of(again);
  if (take === undefined || take === takes.of(first) || take.startOffset > again.queueOffset) return undefined;
  const isOrderly = groups.some((rule) => rule.group === again.group && rule.orderly);
  const cause = disturbances.findLast(
    ({ atMs, isBrokerEnd, settleMs }) =>
      atMs <= take.atMs &&
      take.atMs <= atMs + settleMs + (isOrderly && isBrokerEnd ? lockedMs : 0) &&
      endOf(first) >= atMs - uncommittedMsMax,
  );
  return cause?.what;
}

/** It lies twice in its own topic. */
function reasonOfSecondCopy(first: Delivery, again: Delivery, { disturbances, history }: DuplicateFacts): string | undefined {
  const sent = history.sent.get(again.id);
  if (sent === undefined) return undefined;
  const { delayMs, endedAtMs = Number.POSITIVE_INFINITY, startedAtMs } = sent;
  const isMet = ({ atMs, isBrokerEnd }: Disturbance): boolean =>
    isBrokerEnd && atMs <= endedAtMs && startedAtMs <= atMs + metEndMs;
  if (disturbances.some(isMet)) return sentTwice;
  return delayMs > 0 ? killThatForgot(first, again, disturbances)?.what : undefined;
}

/** A moment that came for `first` was forgotten by a kill, and came again for `again`. */
function killThatForgot(first: Delivery, again: Delivery, disturbances: readonly Disturbance[]): Disturbance | undefined {
  return disturbances.findLast(
    ({ atMs, isKill }) => isKill && atMs <= again.startedAtMs && first.startedAtMs >= atMs - unwrittenMomentsMs,
  );
}

/** Of a retry or a dead letter that is not the first of its kind. */
function reasonOfCopy(
  done: readonly Delivery[],
  again: Delivery,
  givenBack: readonly Delivery[],
  { disturbances }: DuplicateFacts,
): string | undefined {
  const copies = done.filter(({ attempt }) => attempt === again.attempt);
  const placeCount = new Set(copies.map(({ queue, queueOffset }) => `${queue}@${queueOffset}`)).size;
  if (givenBack.length >= placeCount) return givenBack.some(hasOverrun) ? overran : givenBackTwice;
  const cause = disturbances.findLast(
    ({ atMs, isBrokerEnd, settleMs }) =>
      isBrokerEnd && givenBack.some((one) => atMs <= endOf(one) + giveBackMs && endOf(one) <= atMs + settleMs),
  );
  if (cause !== undefined) return cause.what;
  // A try waits at a delay level, as what was sent for later does; a dead letter does not.
  const earlier = copies.findLast((one) => one !== again);
  if (earlier === undefined || again.queue.startsWith('%DLQ%')) return undefined;
  return killThatForgot(earlier, again, disturbances)?.what;
}

/** The deliveries whose end may have stored what `again` delivers. A dead letter is of the group that gave the message up. */
function giveBacksOf(again: Delivery, byMessage: DeliveriesByMessage): readonly Delivery[] {
  const isDeadLetter = again.queue.startsWith('%DLQ%');
  const group = isDeadLetter ? billing.group : again.group;
  const isBefore = ({ attempt }: Delivery): boolean =>
    isDeadLetter ? attempt >= billing.maxReconsumeTimes : attempt === again.attempt - 1;
  const deliveries = byMessage.get(`${group} ${again.id}`) ?? [];
  return deliveries.filter((one) => isBefore(one) && (one.outcome !== 'acked' || hasOverrun(one)));
}

function hasOverrun(delivery: Delivery): boolean {
  const limitMs = groups.find(({ group }) => group === delivery.group)?.consumeTimeoutMs ?? Number.POSITIVE_INFINITY;
  return endOf(delivery) - delivery.startedAtMs >= limitMs * limitShare;
}

function endOf({ endedAtMs, startedAtMs }: Delivery): number {
  return endedAtMs ?? startedAtMs;
}

/** A producer that hears nothing sends again, with the same id: both may be stored. By topic, since a dead letter keeps its id. */
function messagesStoredTwice(brokers: readonly BrokerContent[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { queue, content } of brokers.flatMap(({ queues }) => queues)) {
    if (queue.startsWith('%') || queue.startsWith('RMQ_SYS_')) continue;
    const topic = queue.slice(0, queue.indexOf('@'));
    for (const { messageId } of content.messages) {
      const name = `${topic} ${messageId}`;
      if (seen.has(name)) twice.add(name);
      seen.add(name);
    }
  }
  return twice;
}
