import { createHash } from 'node:crypto';

/** What is known of one send. Times are monotonic milliseconds. */
export interface JournalEntry {
  readonly body: string;
  readonly queueId: number;
  readonly begunAt: number;
  /** Set when the broker acknowledged it: where it said the message is. */
  ackedAt: number | undefined;
  queueOffset: number | undefined;
  /** The broker refused it before storing: it must never be seen. */
  refused: boolean;
}

/** A message as it is read back. */
export interface StoredMessage {
  readonly queueId: number;
  readonly queueOffset: number;
  readonly body: string;
}

export interface Verdict {
  readonly acked: number;
  readonly unknown: number;
  readonly stored: number;
  readonly violations: readonly string[];
}

/** A body that carries its own digest, so that a changed byte shows. */
export function sealedBody(text: string): string {
  return `${text}#${createHash('sha256').update(text).digest('hex')}`;
}

function isSealed(body: string): boolean {
  const at = body.lastIndexOf('#');
  return at > 0 && sealedBody(body.slice(0, at)) === body;
}

/** Judges a whole history: nothing acknowledged is missing or elsewhere, nothing is invented, changed, doubled or out of order. */
export function judge(journal: readonly JournalEntry[], stored: readonly StoredMessage[]): Verdict {
  const violations: string[] = [];
  const sent = new Map(journal.map((entry) => [entry.body, entry]));
  const places = new Map<string, StoredMessage>();
  const nextOffset = new Map<number, number>();
  for (const message of stored) {
    const expected = nextOffset.get(message.queueId) ?? 0;
    if (message.queueOffset !== expected)
      violations.push(`queue ${message.queueId} jumps from ${expected} to ${message.queueOffset}`);
    nextOffset.set(message.queueId, message.queueOffset + 1);
    if (!isSealed(message.body)) violations.push(`changed body at ${message.queueId}/${message.queueOffset}`);
    const entry = sent.get(message.body);
    if (entry === undefined) violations.push(`phantom at ${message.queueId}/${message.queueOffset}`);
    else if (entry.refused) violations.push(`refused message stored at ${message.queueId}/${message.queueOffset}`);
    else if (entry.queueId !== message.queueId) violations.push(`message of queue ${entry.queueId} in queue ${message.queueId}`);
    if (places.has(message.body)) violations.push(`stored twice: ${message.body.slice(0, 40)}`);
    places.set(message.body, message);
  }
  for (const entry of journal) {
    if (entry.ackedAt === undefined) continue;
    const place = places.get(entry.body);
    if (place === undefined)
      violations.push(`acknowledged and missing: ${entry.queueId}/${entry.queueOffset} ${entry.body.slice(0, 40)}`);
    else if (place.queueOffset !== entry.queueOffset)
      violations.push(`acknowledged at ${entry.queueOffset}, found at ${place.queueOffset}`);
  }
  violations.push(...orderViolations(journal, places));
  const acked = journal.filter((entry) => entry.ackedAt !== undefined).length;
  const refused = journal.filter((entry) => entry.refused).length;
  return { acked, unknown: journal.length - acked - refused, stored: stored.length, violations };
}

/** A send begun after another one's acknowledgement, to the same queue, has the larger offset. */
function orderViolations(journal: readonly JournalEntry[], places: ReadonlyMap<string, StoredMessage>): readonly string[] {
  const violations: string[] = [];
  for (const queueId of new Set(journal.map((entry) => entry.queueId))) {
    const entries = journal.filter((entry) => entry.queueId === queueId && places.has(entry.body));
    const acks = entries.filter((entry) => entry.ackedAt !== undefined).toSorted((a, b) => (a.ackedAt ?? 0) - (b.ackedAt ?? 0));
    let next = 0;
    let highest = -1;
    for (const entry of entries.toSorted((a, b) => a.begunAt - b.begunAt)) {
      for (let ack = acks[next]; ack !== undefined && (ack.ackedAt ?? 0) < entry.begunAt; ack = acks[next]) {
        highest = Math.max(highest, places.get(ack.body)?.queueOffset ?? -1);
        next += 1;
      }
      const offset = places.get(entry.body)?.queueOffset ?? -1;
      if (offset <= highest)
        violations.push(`queue ${entry.queueId}: offset ${offset} was begun after ${highest} was acknowledged`);
    }
  }
  return violations;
}
