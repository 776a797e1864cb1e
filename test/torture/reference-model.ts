/**
 * What a store may hold, given what it told its users: the messages in log order, of which the first so many must be there
 * and the others may be there, but only as a run without a gap. After a restart the log is cut to what was found: what was
 * not found then must never come back, and what was found must never go. What may go for its age, or with its topic, the
 * retention model says.
 */
import { RetentionModel } from './retention-model.js';
import { Violation } from './violation.js';

export interface LogEntry {
  readonly topic: string;
  readonly queueId: number;
  /** -1: the message is in the log and in no queue. */
  readonly queueOffset: number;
  readonly physicalOffset: number;
  readonly sizeBytes: number;
  /** Everything a reader sees of the message. */
  readonly content: string;
}

/** What happened to the program: its process ended, or the machine lost power. */
export type End = 'kill' | 'power cut';

export interface ReferenceModelOptions {
  readonly fileSizeBytes: number;
  /** How long after its acknowledgement a message may still be lost at a power cut, ms; 0 for SYNC_FLUSH. */
  readonly lossWindowMs: number;
}

export class ReferenceModel {
  readonly #options: ReferenceModelOptions;
  #retention: RetentionModel;
  #log: LogEntry[] = [];
  /** The first so many were acknowledged or seen: no end of the process takes them. */
  #promisedCount = 0;
  /** The same for power cuts, as it grew. */
  #promises: { readonly count: number; readonly atMs: number }[] = [];

  constructor(options: ReferenceModelOptions) {
    this.#options = options;
    this.#retention = new RetentionModel(options.fileSizeBytes);
  }

  get retention(): RetentionModel {
    return this.#retention;
  }

  get log(): readonly LogEntry[] {
    return this.#log;
  }

  get promisedCount(): number {
    return this.#promisedCount;
  }

  get physicalEnd(): number {
    const last = this.#log.at(-1);
    return last === undefined ? 0 : last.physicalOffset + last.sizeBytes;
  }

  queue(topic: string, queueId: number): readonly LogEntry[] {
    return this.#log.filter((entry) => entry.topic === topic && entry.queueId === queueId && entry.queueOffset >= 0);
  }

  /** The store gave a message its place: behind the last one or at the start of the next file, with the next offset of its queue. */
  appended(entry: LogEntry): void {
    const { fileSizeBytes } = this.#options;
    const end = this.physicalEnd;
    const nextFile = Math.ceil((end + 1) / fileSizeBytes) * fileSizeBytes;
    if (entry.physicalOffset !== end && entry.physicalOffset !== nextFile) {
      throw new Violation(`place ${entry.physicalOffset} was given where the log ends at ${end}`);
    }
    if (entry.queueOffset === 0) this.#forget(entry.topic, entry.queueId);
    const nextOffset = this.queue(entry.topic, entry.queueId).length;
    if (entry.queueOffset >= 0 && entry.queueOffset !== nextOffset) {
      throw new Violation(`offset ${entry.queueOffset} of ${entry.topic}/${entry.queueId} was given where ${nextOffset} is next`);
    }
    this.#log.push(entry);
  }

  /** A queue begins anew: what it had before is in no queue any more. */
  #forget(topic: string, queueId: number): void {
    const last = this.queue(topic, queueId).at(-1);
    const name = `${topic}/${queueId}`;
    if (last === undefined || !this.#retention.mayBeForgotten(name, last.queueOffset + 1, last.physicalOffset)) return;
    this.#retention.forgotten(name);
    this.#log = this.#log.map((one) => (one.topic === topic && one.queueId === queueId ? { ...one, queueOffset: -1 } : one));
  }

  /** The store acknowledged a message, or showed it to a reader. `isWeak`: the answer was not to wait for the disk. */
  promised(entry: LogEntry, nowMs: number, isWeak = false): void {
    const count = this.#log.indexOf(entry) + 1;
    if (count === 0) throw new Violation(`a message that is not in the log was acknowledged or seen: ${nameOf(entry)}`);
    this.#promisedCount = Math.max(this.#promisedCount, count);
    if (!isWeak && count > (this.#promises.at(-1)?.count ?? 0)) this.#promises.push({ count, atMs: nowMs });
  }

  /** The store took back what it gave a place to from here on: it said so to who had put it. */
  takenBack(entry: LogEntry): void {
    const count = this.#log.indexOf(entry);
    if (count < this.#promisedCount) throw new Violation(`an acknowledged message was taken back: ${nameOf(entry)}`);
    this.#log.length = count;
  }

  /** What a process that is gone had not brought to the disk, a power cut takes until another one has recovered it. */
  ended(end: End, nowMs: number): void {
    this.#promises = this.#promises.filter(({ atMs }) => atMs + this.#options.lossWindowMs <= nowMs);
    if (end === 'power cut') this.#promisedCount = this.#promises.at(-1)?.count ?? 0;
  }

  /** A store was opened and says where its log ends. */
  restarted(physicalEnd: number, nowMs: number): void {
    const count = this.#log.filter((entry) => entry.physicalOffset < physicalEnd).length;
    const lost = this.#log[count];
    if (count < this.#promisedCount && lost !== undefined) {
      throw new Violation(`lost ${this.#promisedCount - count} acknowledged or seen messages from ${nameOf(lost)} on`);
    }
    this.#log.length = count;
    // The whole log ends there, or it goes on with the next file.
    const isEnd = physicalEnd === this.physicalEnd || physicalEnd % this.#options.fileSizeBytes === 0;
    if (!isEnd) throw new Violation(`the log ends at ${physicalEnd}, but its last message at ${this.physicalEnd}`);
    const last = this.#log.at(-1);
    if (last !== undefined) this.promised(last, nowMs);
  }

  /** A message that a reader got from a place. */
  seen(found: LogEntry, nowMs: number): void {
    const entry = this.#log.find(({ physicalOffset }) => physicalOffset === found.physicalOffset);
    if (entry === undefined) throw new Violation(`phantom: ${nameOf(found)}`);
    const isSame =
      entry.content === found.content &&
      entry.queueOffset === found.queueOffset &&
      entry.topic === found.topic &&
      entry.queueId === found.queueId;
    if (!isSame) throw new Violation(`another message: put ${nameOf(entry)}, found ${nameOf(found)}`);
    this.promised(entry, nowMs);
  }

  copy(): ReferenceModel {
    const copy = new ReferenceModel(this.#options);
    copy.#log = [...this.#log];
    copy.#promisedCount = this.#promisedCount;
    copy.#promises = [...this.#promises];
    copy.#retention = this.#retention.copy();
    return copy;
  }
}

function nameOf(entry: LogEntry): string {
  return `${entry.topic}/${entry.queueId}@${entry.queueOffset} at ${entry.physicalOffset} "${entry.content.slice(0, 60)}"`;
}
