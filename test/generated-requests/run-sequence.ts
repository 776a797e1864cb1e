/**
 * Plays one sequence against a broker and a NameServer and holds the promises of §1 against what happened: answers, tables
 * and committed offsets while it runs, the log and its queues at the end.
 */
import {
  createRequest,
  decodeConsumerIdList,
  decodeLockBatchResult,
  decodeRecords,
  encodeLockBatch,
  PullSysFlag,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  SysFlag,
} from '@orbitmq/protocol';
import { Actors } from './actors.js';
import { collectGarbage } from './collect-garbage.js';
import { type Decision, type History, newHistory, type SendBack } from './history.js';
import { fingerprint, judge } from './judge.js';
import { LockWatch, readLockBody } from './lock-watch.js';
import type { Hold } from './metered-time.js';
import { groups, queueNums } from './names.js';
import { OffsetWatch, readOffsetTable, type SaidRequest } from './offset-watch.js';
import { bodyOf, bytesOf, commandOf, filledIn, type Lookup } from './request-bytes.js';
import { isSend, noteAnswer, outcomeOf, type SentMessage, sentMessages } from './sent-message.js';
import type { Sequence } from './sequences.js';
import { Stage, stageConfig } from './stage.js';
import type { Ask, Step } from './step.js';
import { readStoredFiles } from './stored-files.js';
import type { WireClient } from './wire-client.js';

export interface SequenceReport {
  readonly violations: readonly string[];
  readonly counts: SequenceCounts;
  readonly holds: readonly Hold[];
  readonly longest: Hold;
}

export interface SequenceCounts {
  requests: number;
  answered: number;
  successes: number;
  damagedFrames: number;
  acked: number;
  refused: number;
  unknown: number;
  restarts: number;
}

/** Beyond everything that a broker waits for by itself: a relay 10 s, a registration 24 s. */
const answerMsMax = 40_000;
/** A parked pull may be looked at only every five seconds. */
const parkedSlackMs = 10_000;
/** Locks last 60 s, also those of clients that are gone. */
const lockedMs = 62_000;
const forgottenEvery = 8;
/** Between looks at what is held still: beyond a relay, a registration, a lock. */
const forgottenAfterMs: readonly number[] = [1000, 1000, 5000, 15_000, 60_000, 60_000];
/** That of the broker to the NameServer. */
const ownConnections = 1;
const sequenceMsMax = 3_600_000;
const operatingCodes: readonly number[] = [
  RequestCode.UPDATE_BROKER_CONFIG,
  RequestCode.UPDATE_AND_CREATE_TOPIC,
  RequestCode.UPDATE_AND_CREATE_TOPIC_LIST,
  RequestCode.DELETE_TOPIC_IN_BROKER,
  RequestCode.CLEAN_UNUSED_TOPIC,
  RequestCode.CLEAN_EXPIRED_CONSUMEQUEUE,
  RequestCode.DELETE_EXPIRED_COMMITLOG,
];
const readingCodes: readonly number[] = [
  RequestCode.PULL_MESSAGE,
  RequestCode.LITE_PULL_MESSAGE,
  RequestCode.QUERY_MESSAGE,
  RequestCode.VIEW_MESSAGE_BY_ID,
];

export async function runSequence(sequence: Sequence): Promise<SequenceReport> {
  const run = new SequenceRun(sequence);
  return run.stage.time.settle(run.play(), sequenceMsMax);
}

class SequenceRun {
  readonly stage: Stage;
  readonly #seed: number;
  readonly #steps: readonly Step[];
  readonly #actors: Actors;
  readonly #history: History = newHistory();
  readonly #offsets = new OffsetWatch();
  readonly #locks = new LockWatch();
  readonly #wrong: string[] = [];
  readonly #lookup: Lookup;
  readonly #counts: SequenceCounts = {
    requests: 0,
    answered: 0,
    successes: 0,
    damagedFrames: 0,
    acked: 0,
    refused: 0,
    unknown: 0,
    restarts: 0,
  };
  /** Since the last look at the committed offsets; one that was not answered may have its effect at any time. */
  #said: SaidRequest[] = [];
  readonly #unanswered: SaidRequest[] = [];
  readonly #parked = new Set<{ readonly name: string; readonly untilMs: number }>();
  #opaque = 0;
  /** Of what is said and heard. */
  #eventCount = 0;
  #nameCount = 0;
  #stepIndex = 0;
  /** Of somebody who wants nothing but answers. */
  #observer: WireClient | undefined;
  #wasKilled = false;
  #hasLocked = false;

  constructor({ seed, steps }: Sequence) {
    this.stage = new Stage(seed);
    this.#seed = seed;
    this.#steps = steps;
    this.#actors = new Actors(this.stage);
    this.#lookup = { known: (name, index) => this.#known(name, index), newName: () => this.#newName() };
  }

  async play(): Promise<SequenceReport> {
    const { stage } = this;
    await stage.start();
    await this.#makeTopics();
    for (const [index, step] of this.#steps.entries()) {
      this.#stepIndex = index;
      await this.#do(step);
      if (this.#wrong.length > 0) break;
    }
    await this.stage.pause(50);
    this.#actors.vanishAll();
    this.#observer?.vanish('end');
    await this.#tablesAreEmpty();
    this.#observer?.vanish('end');
    this.#observer = undefined;
    await this.#connectionsAreForgotten();
    this.#history.endMs = stage.time.now();
    await stage.endBroker('stop');
    await stage.stopNameServer();
    await stage.pause(1000);
    await this.#nothingIsLeft();
    this.#wrong.push(...judge(this.#history, await readStoredFiles(stage.disk, stageConfig.storePathRootDir)));
    this.#wrong.push(...stage.problems, ...this.#actors.problems);
    for (const { outcome } of this.#history.sent) this.#counts[outcome] += 1;
    stage.time.ignoreRest();
    const { holds, longest } = stage.time;
    return { violations: this.#wrong, counts: this.#counts, holds, longest };
  }

  async #makeTopics(): Promise<void> {
    for (const topic of ['alpha', 'beta']) {
      const fields = { topic, defaultTopic: 'TBW102', perm: '6', topicFilterType: 'SINGLE_TAG' };
      await this.#askPlainly(RequestCode.UPDATE_AND_CREATE_TOPIC, {
        ...fields,
        readQueueNums: String(queueNums),
        writeQueueNums: String(queueNums),
      });
    }
  }

  async #do(step: Step): Promise<void> {
    switch (step.do) {
      case 'ask':
        await this.#ask(step.asks);
        await this.#lookAtOffsets(undefined);
        return;
      case 'pass':
        await this.stage.pause(step.ms);
        await this.#lookAtOffsets(undefined);
        return;
      case 'vanish':
        // It is there before it goes.
        for (const ask of step.asks) await this.#actors.connection(step.client, ask.target);
        for (const ask of step.asks) void this.#say({ ...ask, client: step.client });
        await this.stage.pause(step.how === 'end' ? 1 : 0);
        this.#actors.vanish(step.client, step.how);
        return;
      case 'restart':
        await this.#restart(step.how, step.asks);
        await this.#lookAtOffsets(step.how);
        return;
    }
  }

  async #restart(how: 'stop' | 'kill', asks: readonly Ask[]): Promise<void> {
    this.#counts.restarts += 1;
    this.#wasKilled ||= how === 'kill';
    for (const ask of asks) void this.#say(ask);
    await this.stage.pause(asks.length > 0 ? 2 : 0);
    if (how === 'kill') this.#history.kills.push(this.stage.time.now());
    await this.stage.endBroker(how);
    await this.stage.pause(5);
    await this.stage.startBroker();
  }

  /** All at once; each has to be answered in time, and the connection lives on. */
  async #ask(asks: readonly Ask[]): Promise<void> {
    const saying = asks.map(async (ask) => {
      const waiting = {
        name: nameOf(ask),
        untilMs: this.stage.time.monotonic() + parkedSlackMs + Math.max(0, Number(ask.fields['suspendTimeoutMillis'])),
      };
      const said = this.#say(ask).then(() => this.#parked.delete(waiting));
      if (canBeParked(ask)) {
        // Answered by and by; the steps go on.
        this.#parked.add(waiting);
        await this.stage.pause(20);
        return;
      }
      if (!(await this.stage.isDoneWithin(answerMsMax, said)))
        this.#wrong.push(`no answer to ${waiting.name} within ${answerMsMax} ms`);
    });
    await Promise.all(saying);
    this.#parkedAreAnswered();
  }

  /** A pull is parked for as long as it asks for, and not longer. */
  #parkedAreAnswered(): void {
    const nowMs = this.stage.time.monotonic();
    for (const { name, untilMs } of this.#parked) if (untilMs < nowMs) this.#wrong.push(`parked for too long: ${name}`);
  }

  /** Resolves when it was answered, or never will be. */
  async #say(ask: Ask): Promise<void> {
    const connecting =
      ask.damage === undefined ? this.#actors.connection(ask.client, ask.target) : this.stage.connect(ask.target, false);
    const connection = await connecting.catch(() => undefined);
    if (connection === undefined) return;
    const opaque = this.#opaque++;
    const names = { at: '' };
    const fields = this.#filledFields(ask, names);
    const body = bodyOf(ask.body, this.#lookup);
    const bytes = bytesOf(commandOf(ask, opaque, fields, body), ask.damage);
    this.#counts.requests += 1;
    this.stage.time.label = nameOf(ask);
    if (ask.damage !== undefined) {
      await this.#sayDamaged(ask, connection, bytes, fields);
      return;
    }
    const sent = ask.target !== 'namesrv' && isSend(ask.code) ? sentMessages(this.#stepIndex, ask.code, fields, body) : [];
    this.#history.sent.push(...sent);
    this.#eventCount += 1;
    for (const message of sent) message.saidAt = this.#eventCount;
    const sentBack = this.#sendBackOf(ask, fields);
    const decision = this.#decisionOf(ask, fields);
    const request = { code: ask.code, fields };
    if (ask.target !== 'namesrv') this.#noteOperation(request);
    this.#said.push(request);
    const locking = this.#lockingOf(ask, body);
    if (ask.isOneway) {
      this.#unanswered.push(request);
      connection.write(bytes);
      await this.stage.pause(20);
      this.#connectionLives(connection, ask);
      return;
    }
    const answer = await connection.ask(bytes, opaque);
    if (answer === undefined) this.#unanswered.push(request);
    // A parked one may be answered in a later step.
    else this.#said.push(request);
    if (sentBack !== undefined) sentBack.outcome = outcomeOf(answer);
    this.#heard(ask, answer, sent, decision);
    if (answer?.code === ResponseCode.SUCCESS) locking?.(answer);
    if (answer === undefined) this.#connectionLives(connection, ask);
  }

  /** Whatever is in a frame that has the form of one, Apache answers and reads on. */
  #connectionLives({ isCut }: WireClient, ask: Ask): void {
    const isRestarting = this.#steps[this.#stepIndex]?.do === 'restart';
    if (isCut && !isRestarting) this.#wrong.push(`the connection was ended after ${nameOf(ask)}`);
  }

  /** The bytes may be anything now: a request like it, another one, or none. On a connection of its own, which is of no more use then. */
  async #sayDamaged(ask: Ask, connection: WireClient, bytes: Buffer, fields: Readonly<Record<string, string>>): Promise<void> {
    this.#counts.damagedFrames += 1;
    const request = { code: ask.code, fields };
    this.#said.push(request);
    this.#unanswered.push(request);
    this.#history.isOperated = true;
    if (ask.target !== 'namesrv') this.#noteOperation(request);
    if (isSend(ask.code)) this.#history.damagedSends += 1;
    if (ask.code === RequestCode.END_TRANSACTION) this.#history.damagedDecisions += 1;
    if (ask.code === RequestCode.CONSUMER_SEND_MSG_BACK) this.#history.damagedSendBacks += 1;
    connection.write(bytes);
    await this.stage.pause(20);
    connection.vanish('reset');
  }

  #heard(ask: Ask, answer: RemotingCommand | undefined, sent: readonly SentMessage[], decision: Decision | undefined): void {
    noteAnswer(sent, answer);
    if (answer === undefined) return;
    this.#eventCount += 1;
    for (const message of sent) if (message.outcome === 'acked') message.ackedAt = this.#eventCount;
    this.#counts.answered += 1;
    if (answer.code === ResponseCode.SUCCESS) this.#counts.successes += 1;
    if (decision !== undefined) {
      decision.wasAnswered = true;
      decision.isTaken = answer.code === ResponseCode.SUCCESS;
    }
    if (ask.target !== 'namesrv' && readingCodes.includes(ask.code) && answer.code === ResponseCode.SUCCESS) this.#read(answer);
  }

  /** I4: two reads of one place agree. */
  #read({ body }: RemotingCommand): void {
    const { seen } = this.#history;
    for (const record of decodeRecords(body ?? Buffer.alloc(0))) {
      const place = `${record.topic}@${record.queueId}@${record.queueOffset}`;
      const type = record.sysFlag & SysFlag.TRANSACTION_MASK;
      if (type === SysFlag.TRANSACTION_PREPARED || type === SysFlag.TRANSACTION_ROLLBACK) continue;
      const now = fingerprint(record);
      const before = seen.get(place);
      if (before !== undefined && before !== now) this.#wrong.push(`I4 two reads of ${place} differ`);
      seen.set(place, now);
    }
  }

  /** What to do with the answer of one that locks. */
  #lockingOf({ code, target }: Ask, body: Buffer | undefined): ((answer: RemotingCommand) => void) | undefined {
    if (target === 'namesrv' || (code !== RequestCode.LOCK_BATCH_MQ && code !== RequestCode.UNLOCK_BATCH_MQ)) return undefined;
    const said = readLockBody(body);
    const { time } = this.stage;
    const saidMs = time.monotonic();
    if (said === undefined) return undefined;
    if (code === RequestCode.UNLOCK_BATCH_MQ) {
      const unlocking = this.#locks.unlock(said);
      return () => {
        unlocking.heardMs = time.monotonic();
      };
    }
    return (answer) => {
      const queues = decodeLockBatchResult(answer.body ?? Buffer.from('{}'));
      this.#wrong.push(...this.#locks.granted(said, queues, saidMs, time.monotonic()));
    };
  }

  #sendBackOf(ask: Ask, fields: Readonly<Record<string, string>>): SendBack | undefined {
    if (ask.code !== RequestCode.CONSUMER_SEND_MSG_BACK || ask.target === 'namesrv') return undefined;
    const sentBack: SendBack = { group: fields['group'] ?? '', physicalOffset: Number(fields['offset']), outcome: 'unknown' };
    this.#history.sentBack.push(sentBack);
    return sentBack;
  }

  #decisionOf(ask: Ask, fields: Readonly<Record<string, string>>): Decision | undefined {
    if (ask.code !== RequestCode.END_TRANSACTION || ask.target === 'namesrv') return undefined;
    const flag = Number(fields['commitOrRollback']);
    if (flag !== SysFlag.TRANSACTION_COMMIT && flag !== SysFlag.TRANSACTION_ROLLBACK) return undefined;
    const decision: Decision = {
      physicalOffset: Number(fields['commitLogOffset']),
      isCommit: flag === SysFlag.TRANSACTION_COMMIT,
      wasAnswered: false,
      isTaken: false,
    };
    this.#history.decisions.push(decision);
    return decision;
  }

  #noteOperation({ code, fields }: SaidRequest): void {
    this.#hasLocked ||= code === RequestCode.LOCK_BATCH_MQ;
    if (operatingCodes.includes(code)) this.#history.isOperated = true;
    if (code !== RequestCode.DELETE_TOPIC_IN_BROKER) return;
    const topic = fields['topic'] ?? '';
    this.#history.deletedTopics.add(topic);
    for (const sent of this.#history.sent) {
      if (sent.topic === topic) sent.mayBeGone = true;
    }
  }

  async #lookAtOffsets(restart: 'stop' | 'kill' | undefined): Promise<void> {
    const answer = await this.#askPlainly(RequestCode.GET_ALL_CONSUMER_OFFSET, {});
    if (answer === undefined) return;
    const requests = [...this.#said, ...this.#unanswered];
    this.#said = [];
    this.#wrong.push(...this.#offsets.look(readOffsetTable(answer.body), { requests, restart }));
  }

  async #askPlainly(code: number, extFields: Record<string, string>, body?: Buffer): Promise<RemotingCommand | undefined> {
    if (this.#observer?.isOpen !== true) this.#observer = await this.stage.connect('broker', false).catch(() => undefined);
    const opaque = this.#opaque++;
    const bytes = bytesOf({ ...createRequest(code, { extFields, body }), opaque }, undefined);
    let answer: RemotingCommand | undefined;
    const asking = this.#observer?.ask(bytes, opaque).then((heard) => {
      answer = heard;
    });
    if (asking !== undefined) await this.stage.isDoneWithin(answerMsMax, asking);
    if (answer === undefined) this.#wrong.push(`the broker does not answer ${code}`);
    return answer;
  }

  /** After all clients went nobody knows them, and nothing of theirs is held. */
  async #tablesAreEmpty(): Promise<void> {
    await this.stage.pause(this.#hasLocked ? lockedMs : 1000);
    for (const group of new Set(groups)) {
      const consumers = await this.#askPlainly(RequestCode.GET_CONSUMER_CONNECTION_LIST, { consumerGroup: group });
      const members = await this.#askPlainly(RequestCode.GET_CONSUMER_LIST_BY_GROUP, { consumerGroup: group });
      const producers = await this.#askPlainly(RequestCode.GET_PRODUCER_CONNECTION_LIST, { producerGroup: group });
      if (consumers?.code === ResponseCode.SUCCESS) this.#wrong.push(`consumers of ${group} are still known`);
      if (producers?.code === ResponseCode.SUCCESS) this.#wrong.push(`producers of ${group} are still known`);
      const ids = members?.code === ResponseCode.SUCCESS ? decodeConsumerIdList(members.body ?? Buffer.alloc(0)) : [];
      if (ids.length > 0) this.#wrong.push(`members of ${group} are still known: ${ids.join(' ')}`);
      const queues = ['alpha', 'beta', 'gamma'].flatMap((topic) =>
        Array.from({ length: queueNums }, (_, queueId) => ({ topic, brokerName: stageConfig.brokerName, queueId })),
      );
      const lock = encodeLockBatch({ clientId: 'the last', consumerGroup: group, queues });
      const locked = await this.#askPlainly(RequestCode.LOCK_BATCH_MQ, {}, lock);
      const lockedCount = decodeLockBatchResult(locked?.body ?? Buffer.from('{}')).length;
      if (lockedCount !== queues.length) this.#wrong.push(`${queues.length - lockedCount} queues of ${group} are still locked`);
    }
  }

  /**
   * Nothing holds a connection that is gone: no table of clients, no parked pull, no relay, nothing that waits to be answered.
   * What ran last may keep one in its frame until it runs again, so one that is held gets more turns, and somebody else talks
   * meanwhile: held for good means held by something. Collecting garbage costs as much as a sequence does, so some are looked at.
   */
  async #connectionsAreForgotten(): Promise<void> {
    // What a process that was killed had is not freed here, as it is when a real one ends.
    if (this.#wasKilled || this.#seed % forgottenEvery !== 0) return;
    let heldCount = 0;
    for (const pauseMs of forgottenAfterMs) {
      await this.stage.pause(pauseMs);
      this.stage.time.ignoreRest();
      collectGarbage();
      heldCount = this.stage.heldConnectionCount - ownConnections;
      if (heldCount <= 0) return;
      await this.#askPlainly(RequestCode.GET_ALL_CONSUMER_OFFSET, {});
      this.#observer?.vanish('end');
      this.#observer = undefined;
    }
    this.#wrong.push(`${heldCount} connections that are gone are still held`);
  }

  /** I17: a broker and a NameServer that were stopped leave no timer and no connection. */
  async #nothingIsLeft(): Promise<void> {
    const { network, time } = this.stage;
    if (network.connectionCount > 0) this.#wrong.push(`I17 ${network.connectionCount} connections are left`);
    // Those of a process that was killed are still in the heap of time.
    if (time.pendingCount > 0 && !this.#wasKilled) this.#wrong.push(`I17 ${time.pendingCount} timers are left`);
  }

  #filledFields(ask: Ask, names: { at: string }): Record<string, string> {
    const lookup: Lookup = {
      known: (name, index) => (name === 'new' ? (names.at ||= this.#newName()) : this.#known(name, index)),
      newName: () => this.#newName(),
    };
    return Object.fromEntries(Object.entries(ask.fields).map(([name, value]) => [name, filledIn(value, lookup)]));
  }

  #newName(): string {
    this.#nameCount += 1;
    return `#${this.#nameCount}`;
  }

  #known(name: string, index: number): string {
    if (name === 'now') return String(this.stage.time.now());
    const isHalf = name.startsWith('half');
    const acked = this.#history.sent.filter((sent) => sent.outcome === 'acked' && (sent.kind === 'half') === isHalf);
    const sent = acked[index % Math.max(acked.length, 1)];
    const { physicalOffset = 0, queueOffset = 0, properties = {} } = sent ?? {};
    switch (name) {
      case 'physical':
      case 'halfPhysical':
        return String(physicalOffset);
      case 'offset':
      case 'halfOffset':
        return String(queueOffset);
      case 'unique':
      case 'halfUnique':
        return properties['UNIQ_KEY'] ?? 'none';
      case 'messageId':
      case 'halfMessageId':
        return `0A00010100002A9F${physicalOffset.toString(16).toUpperCase().padStart(16, '0')}`;
      default:
        return String(this.stage.time.now() - index * 1000);
    }
  }
}

function nameOf({ code, damage, fields, target }: Ask): string {
  return `${code} to ${target}${damage === undefined ? '' : `, damaged (${damage.kind})`} ${JSON.stringify(fields).slice(0, 300)}`;
}

function canBeParked({ code, fields }: Ask): boolean {
  const isPull = code === RequestCode.PULL_MESSAGE || code === RequestCode.LITE_PULL_MESSAGE;
  return isPull && (Number(fields['sysFlag']) & PullSysFlag.SUSPEND) !== 0;
}
