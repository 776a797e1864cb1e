import { type Environment, InvariantError, type Lifecycle, type Timer } from '@orbitmq/core/kernel';
import { Permission, PropertyName, type RemotingCommand, SystemTopic } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import type { StartedPut } from '../store/started-put.js';
import { isStored } from '../store/started-put.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';
import { checkRequest } from './check-request.js';
import { verdictOf } from './check-rules.js';
import { type HalfMessage, parkedMessage, renewedHalf } from './half-message.js';
import type { TransactionLog } from './transaction-log.js';

/** Who can be asked about a transaction: a connection of a producer group. */
interface AskedProducer {
  /** Bytes that it has not taken yet. */
  readonly queuedBytes?: number;
  notify(request: RemotingCommand): void;
}

/** The live connections of the group in turn; undefined when there is none. */
type PickProducer = (group: string) => AskedProducer | undefined;

export interface TransactionCheckServiceDeps {
  readonly environment: Environment;
  readonly config: BrokerConfig;
  readonly topics: TopicConfigManager;
  readonly log: TransactionLog;
  readonly pickProducer: PickProducer;
  /** Bytes of the halves that are looked at together. */
  readonly pageBytesMax: number;
  /** A producer that has more to take is not asked now. */
  readonly queuedBytesMax: number;
}

/** Halves that are looked at together, so that a round needs one flush for all of them. */
const pageSize = 64;
/** A round gives up after this long and goes on at the next one. */
const roundTimeMaxMs = 60_000;
/** Producers of a group that are tried until one takes what it is told. */
const producersTriedMax = 3;
const readWrite = Permission.READ | Permission.WRITE;

/**
 * Asks the producers of undecided half messages, every transactionCheckInterval (Java: TransactionalMessageCheckService with
 * TransactionalMessageServiceImpl.check; page 07 §3). Before a producer is asked the half is written again at the tail, with the
 * count of checks; after transactionCheckMax checks it is parked in TRANS_CHECK_MAX_TIME_TOPIC, which means rollback. Checks are
 * told, not asked, so a producer that does not answer holds up nobody. What no producer of a group has room for is left for a later
 * round, uncounted: 100,000 undecided halves neither cut a healthy producer off nor run out of checks that nobody heard.
 */
export class TransactionCheckService implements Lifecycle {
  readonly #deps: TransactionCheckServiceDeps;
  readonly #timers: Timer[] = [];
  #round: Promise<void> | undefined;
  #isStopped = false;

  constructor(deps: TransactionCheckServiceDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { environment, config, topics, log } = this.#deps;
    topics.ensure(SystemTopic.TRANS_HALF, 1, readWrite);
    topics.ensure(SystemTopic.TRANS_OP_HALF, 1, readWrite);
    await log.recover();
    this.#timers.push(
      environment.timers.setInterval(() => this.#beginRound(), config.transactionCheckInterval),
      environment.timers.setInterval(() => log.commitProgress(), config.flushConsumerOffsetInterval),
    );
  }

  /** Ends the running round after its page. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers.splice(0)) timer.cancel();
    await this.#round;
    this.#deps.log.commitProgress(true);
  }

  #beginRound(): void {
    if (this.#round !== undefined || this.#isStopped) return;
    this.#round = this.#runRound()
      .catch((error: unknown) => {
        if (error instanceof InvariantError) throw error;
        this.#deps.environment.logger.error('a round of transaction checks failed; the next one repeats it', { error });
      })
      .finally(() => {
        this.#round = undefined;
      });
  }

  async #runRound(): Promise<void> {
    const { environment, log, pageBytesMax } = this.#deps;
    const deadline = environment.clock.monotonic() + roundTimeMaxMs;
    const end = log.end;
    let offset = log.nextOpen(log.progress);
    while (offset < end && !this.#isStopped && environment.clock.monotonic() < deadline) {
      const page: number[] = [];
      for (let next = offset; next < end && page.length < pageSize; next = log.nextOpen(next + 1)) page.push(next);
      const halves = await log.readPage(page, pageBytesMax);
      offset = log.nextOpen((page[halves.length - 1] ?? end) + 1);
      if (await this.#checkPage(page, halves)) break;
    }
    log.commitProgress();
  }

  /** Returns whether the round is over. */
  async #checkPage(page: readonly number[], halves: readonly (HalfMessage | undefined)[]): Promise<boolean> {
    const { log } = this.#deps;
    const pending: Promise<unknown>[] = [];
    let isOver = false;
    for (const [index, half] of halves.entries()) {
      const offset = page[index] ?? 0;
      if (half === undefined) this.#pass(offset);
      else if (log.isDecided(half) || log.isReplaced(half)) log.close(half);
      else if (this.#checkHalf(half, pending)) {
        isOver = true;
        break;
      }
    }
    await Promise.all(pending);
    return isOver;
  }

  /** Retention took it, or it is none: nothing can be decided. */
  #pass(halfOffset: number): void {
    this.#deps.environment.logger.warn('a half message is gone or names no destination, and is passed', { halfOffset });
    this.#deps.log.forget(halfOffset);
  }

  #checkHalf(half: HalfMessage, pending: Promise<unknown>[]): boolean {
    const { environment, config, log, topics } = this.#deps;
    const { message, checkTimes } = half;
    const verdict = verdictOf({
      now: environment.clock.now(),
      bornTimestamp: message.bornTimestamp,
      checkTimes,
      immunity: half.properties[PropertyName.CHECK_IMMUNITY_TIME_IN_SECONDS],
      timeoutMs: config.transactionTimeOut,
      checkMax: config.transactionCheckMax,
    });
    switch (verdict) {
      case 'stop':
        return true;
      case 'renew':
        pending.push(log.renew(half, renewedHalf(half, checkTimes)).done);
        return false;
      case 'check': {
        const producer = this.#pick(half.producerGroup);
        if (producer !== 'backlogged') pending.push(this.#ask(half, producer));
        return false;
      }
      case 'discard':
        topics.ensure(SystemTopic.TRANS_CHECK_MAX_TIME, 1, readWrite);
        environment.logger.warn('a transaction was not decided in time and is parked', {
          topic: half.destination.topic,
          uniqueKey: half.properties[PropertyName.UNIQ_KEY],
          producerGroup: half.producerGroup,
          checkTimes,
        });
        pending.push(log.decide(half, parkedMessage(half)));
        return false;
    }
  }

  /** The next one in turn that has room; undefined when the group has none at all. */
  #pick(group: string | undefined): AskedProducer | 'backlogged' | undefined {
    if (group === undefined) return undefined;
    const { pickProducer, queuedBytesMax } = this.#deps;
    for (let tried = 0; tried < producersTriedMax; tried += 1) {
      const producer = pickProducer(group);
      if (producer === undefined || (producer.queuedBytes ?? 0) <= queuedBytesMax) return producer;
    }
    return 'backlogged';
  }

  /** The producer is told when the new copy is durable: its answer refers to that copy. */
  async #ask(half: HalfMessage, producer: AskedProducer | undefined): Promise<void> {
    const { log, config } = this.#deps;
    const copy = renewedHalf(half, half.checkTimes + 1);
    const put: StartedPut = log.renew(half, copy);
    const status = await put.done;
    // Decided in the meantime: its producer has answered already.
    if (!isStored(status) || log.isDecided(half)) return;
    producer?.notify(checkRequest(half, copy, put, config.brokerName));
  }
}
