/**
 * Everything at once, on real processes: shops that send in every way, for moments of their own too, and settle transactions,
 * workers that consume, fail, come and go, brokers that are stopped and killed, and beside them a steady load with a journal. At the end the checkers of
 * the simulation and of the kill tests look at what was acknowledged, delivered and stored. Guarantees are Apache's: nothing
 * acknowledged is lost, a delayed message is never early, the messages of one sharding key (one queue) reach an orderly group
 * in order and one at a time; a message may come twice, and every such one has its reason.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { DelayDuration } from '@orbitmq/core';
import { SeededRandom } from '@orbitmq/testing';
import { judge } from '../durability/ack-journal.js';
import { load, readAll, type Sending } from '../durability/journal-load.js';
import { check, noLag, unfinished } from '../simulation/checker.js';
import { History } from '../simulation/history.js';
import { Inspector } from '../simulation/inspector.js';
import { type BrokerContent, readQueues } from '../simulation/read-brokers.js';
import { topics } from '../simulation/topics.js';
import { Trace } from '../simulation/trace.js';
import { waitUntil } from '../support/wait-until.js';
import { type BrokerHandle, BrokerSet } from './mixed/broker-set.js';
import { type Disturbance, findDuplicates } from './mixed/duplicates.js';
import { type BrokerHealth, healthOf, healthViolations, minuteText } from './mixed/figures.js';
import { type Lateness, latenessOf, latenessText } from './mixed/lateness.js';
import { QueueTakes } from './mixed/queue-takes.js';
import { type RealClientOptions, realProcess, realShop, realTimedShop, realWorker } from './mixed/real-client.js';
import { recallViolations, type TimedShop, type TimedShopOptions } from './mixed/timed-shop.js';

type Trouble = 'join' | 'leave' | 'stop' | 'kill';

export interface MixedLoadOptions {
  readonly directory: string;
  readonly seed: number;
  /** How long the shops send, at least. */
  readonly lifeMs: number;
  /** How much of what has to have happened before they end, so that a busy machine shows as much as an idle one. Names of counts. */
  readonly floors?: Readonly<Record<string, number>> | undefined;
  /** Mean pause between two sends of one flow of one shop. */
  readonly shopPauseMs: number;
  /** Of the flow of messages for moments of their own. */
  readonly timed: TimedShopOptions;
  /** Pause of a lane of the steady load between two sends. */
  readonly lanePauseMs: number;
  /** Between two ends of the second broker. The first lives all the time, so that its memory can be compared. */
  readonly restartEveryMs: number;
  /** Between two workers that come or go. */
  readonly rebalanceEveryMs: number;
  /**
   * What happens instead, one after the other, `restartEveryMs` apart. A queue that changes hands while its broker is down stays
   * locked for 60 s, which a short run cannot wait for: workers come and go first here.
   */
  readonly troubles?: readonly Trouble[] | undefined;
  /** The broker's delay levels, and which of them reminders use. */
  readonly messageDelayLevel?: string | undefined;
  readonly delays?: readonly (readonly [DelayDuration, number])[] | undefined;
  /** For the brokers, before their own code. */
  readonly nodeFlags?: readonly string[] | undefined;
  /** After everything was done once: longer than the longest pause before a retry. */
  readonly quietMs: number;
  /** How long what was sent may take to be finished by everybody. Default: 240,000. */
  readonly drainMsMax?: number | undefined;
  /** Whether memory that grows and a late event loop are violations. Only a long run can tell. Default: false. */
  readonly isHealthJudged?: boolean | undefined;
  /** Whether a message that was done twice without a reason is a violation; else it is counted. Default: false. */
  readonly areDuplicatesJudged?: boolean | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface MixedLoadReport {
  readonly violations: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly duplicates: Readonly<Record<string, number>>;
  readonly lateness: readonly Lateness[];
  readonly health: readonly BrokerHealth[];
}

const workersMin = 2;
const workersMax = 4;
const workMsMax = 30;
const lanes = 4;
const laneBodyBytesMax = 400;
/** Handlers of the orderly group are slow: more than they can take would only pile up. */
const entryPauseMs = 1500;
const clientIntervalMs = 5000;
const queueNums = 6;
/** After these, queues go to others, with what was not committed yet. */
const settleMs: Readonly<Record<Trouble, number>> = { join: 15_000, leave: 15_000, stop: 30_000, kill: 30_000 };
const disturbanceNames: Readonly<Record<Trouble, string>> = {
  join: 'a consumer that came',
  leave: 'a consumer that left',
  stop: 'a broker that was stopped',
  kill: 'a broker that was killed',
};
const drainMsMaxDefault = 240_000;
const floorsMsMax = 120_000;
const examplesMax = 5;
const progressMs = 60_000;

export async function mixedLoad(options: MixedLoadOptions): Promise<MixedLoadReport> {
  const config: Record<string, string> = {
    mappedFileSizeCommitLog: String(16 << 20),
    transactionCheckInterval: '2000',
    transactionTimeOut: '2000',
    recallMessageEnable: 'true',
    ...(options.messageDelayLevel === undefined ? {} : { messageDelayLevel: options.messageDelayLevel }),
  };
  const brokers = await BrokerSet.start(options.directory, ['broker-a', 'broker-b'], config, options.nodeFlags ?? []);
  const run = new MixedLoad(options, brokers);
  try {
    return await run.play();
  } finally {
    await run.stopClients();
    await brokers.stop();
  }
}

class MixedLoad {
  readonly #options: MixedLoadOptions;
  readonly #brokers: BrokerSet;
  readonly #random: SeededRandom;
  /** That of the clients. */
  readonly #clock = realProcess('referee').environment.clock;
  readonly #history = new History();
  readonly #disturbances: Disturbance[] = [];
  readonly #takes = new QueueTakes();
  readonly #workers: ReturnType<typeof realWorker>[] = [];
  readonly #shops: (ReturnType<typeof realShop> | TimedShop)[] = [];
  readonly #timedShop: TimedShop;
  readonly #clients: RealClientOptions;
  readonly #journals: readonly Sending[][];
  readonly #counts = { stops: 0, kills: 0, joins: 0, leaves: 0 };
  #isOver = false;

  constructor(options: MixedLoadOptions, brokers: BrokerSet) {
    this.#options = options;
    this.#brokers = brokers;
    this.#random = new SeededRandom(options.seed);
    this.#clients = {
      namesrvAddr: brokers.namesrvAddr,
      seed: options.seed,
      history: this.#history,
      trace: new Trace(this.#clock, { keepLines: false }),
      takes: this.#takes,
      intervalMs: clientIntervalMs,
    };
    this.#timedShop = realTimedShop(this.#clients, options.timed);
    this.#journals = brokers.brokers.map(() => []);
  }

  async play(): Promise<MixedLoadReport> {
    const { lifeMs, lanePauseMs, shopPauseMs, delays } = this.#options;
    await this.#makeTopics();
    for (let index = 0; index < workersMin; index += 1) await this.#join();
    const shops = Array.from({ length: 2 }, () => realShop(this.#clients, { pauseMs: shopPauseMs, entryPauseMs, delays }));
    for (const shop of [...shops, this.#timedShop]) {
      await shop.start();
      this.#shops.push(shop);
      shop.open();
    }
    const steady = { lanes, bodyBytesMax: laneBodyBytesMax, timeoutMs: 3000, pauseMs: () => lanePauseMs };
    const loads = this.#brokers.brokers.map(({ address }, index) =>
      load(address, this.#journals[index] ?? [], steady, () => this.#isOver),
    );
    const troubles = [this.#troubles(), this.#progress()];
    await this.#pause(lifeMs);
    await waitUntil(`enough has happened: ${JSON.stringify(this.#options.floors)}`, floorsMsMax, () => this.#isEnough());
    this.#isOver = true;
    // What follows is no load any more: the checkers read whole stores.
    const health = this.#brokers.brokers.map((broker) => healthOf(broker.brokerName, broker.figures()));
    await Promise.all([...loads, ...troubles]);
    for (const shop of this.#shops) await shop.close();
    await this.#drain();
    return this.#verdict(health);
  }

  /** Once; a second call finds nobody. */
  async stopClients(): Promise<void> {
    this.#isOver = true;
    await Promise.all([...this.#shops.splice(0), ...this.#workers.splice(0)].map((client) => client.stop()));
  }

  #isEnough(): boolean {
    const { floors } = this.#options;
    if (floors === undefined) return true;
    const counts = this.#allCounts();
    return Object.entries(floors).every(([name, floor]) => (counts[name] ?? 0) >= floor);
  }

  async #drain(): Promise<void> {
    const endMs = performance.now() + (this.#options.drainMsMax ?? drainMsMaxDefault);
    while (unfinished(this.#history).length > 0 && performance.now() < endMs) await pause(250);
    // What came twice may still wait for its retry.
    await pause(this.#options.quietMs);
    while (noLag(await this.#readBrokers()).length > 0 && performance.now() < endMs) await pause(1000);
    // Workers first: they commit what they did.
    await this.stopClients();
  }

  async #verdict(health: readonly BrokerHealth[]): Promise<MixedLoadReport> {
    const contents = await this.#readBrokers();
    const violations = check({ history: this.#history, brokers: contents });
    violations.push(...recallViolations(this.#history, this.#timedShop.takenBack));
    const duplicates = findDuplicates({
      history: this.#history,
      brokers: contents,
      disturbances: this.#disturbances,
      takes: this.#takes,
    });
    if (this.#options.areDuplicatesJudged === true) violations.push(...duplicates.unexplained);
    const counts = this.#allCounts();
    counts['done twice without a reason'] = duplicates.unexplained.length;
    for (const [index, broker] of this.#brokers.brokers.entries()) {
      const verdict = judge(this.#journals[index] ?? [], await readAll(broker.address));
      violations.push(...verdict.violations.map((what) => `${broker.brokerName}: ${what}`));
      counts[`${broker.brokerName} acknowledged`] = verdict.acked;
      counts[`${broker.brokerName} unknown`] = verdict.unknown;
      if (broker.complaint !== undefined) violations.push(broker.complaint);
    }
    if (this.#options.isHealthJudged === true) violations.push(...healthViolations(health));
    return { violations, counts, duplicates: duplicates.byReason, lateness: this.#lateness(), health };
  }

  #allCounts(): Record<string, number> {
    const { ids, takenBack } = this.#timedShop;
    return { ...this.#counts, ...countsOf(this.#history), timed: ids.size, 'taken back': takenBack.length };
  }

  #lateness(): readonly Lateness[] {
    const { ids } = this.#timedShop;
    return [
      latenessOf('of a delay level', this.#history, this.#disturbances, (id) => !ids.has(id)),
      latenessOf('for moments', this.#history, this.#disturbances, (id) => ids.has(id)),
    ];
  }

  async #makeTopics(): Promise<void> {
    const { orders, ledger, reminders, payments } = topics;
    await this.#inspect(async (inspector, { address }) => {
      for (const { name } of [orders, ledger, reminders, payments]) await inspector.createTopic(address, name, queueNums);
    });
  }

  async #readBrokers(): Promise<readonly BrokerContent[]> {
    const contents: BrokerContent[] = [];
    await this.#inspect(async (inspector, { address, brokerName }) => {
      contents.push({ brokerName, queues: await readQueues(inspector, address, brokerName) });
    });
    return contents;
  }

  async #inspect(work: (inspector: Inspector, broker: BrokerHandle) => Promise<void>): Promise<void> {
    const inspector = new Inspector(realProcess('inspector'));
    await inspector.start();
    for (const broker of this.#brokers.brokers) await work(inspector, broker);
    await inspector.stop();
  }

  async #troubles(): Promise<void> {
    const { restartEveryMs, troubles } = this.#options;
    if (troubles === undefined) {
      await Promise.all([this.#restarts(), this.#rebalances()]);
      return;
    }
    for (const kind of troubles) {
      await this.#pause(restartEveryMs);
      if (kind === 'join') await this.#join();
      else if (kind === 'leave') await this.#leave();
      else await this.#restart(kind);
    }
  }

  async #restarts(): Promise<void> {
    for (let count = 0; ; count += 1) {
      await this.#pause(this.#options.restartEveryMs);
      if (this.#isOver) return;
      await this.#restart(count % 2 === 0 ? 'kill' : 'stop');
    }
  }

  async #restart(kind: 'kill' | 'stop'): Promise<void> {
    const broker = this.#brokers.brokers.at(-1);
    this.#disturbed(kind);
    this.#counts[kind === 'kill' ? 'kills' : 'stops'] += 1;
    await broker?.end(kind === 'kill' ? 'SIGKILL' : 'SIGTERM');
    await pause(this.#random.int(1000));
    await broker?.start();
    this.#disturbed(kind);
  }

  async #rebalances(): Promise<void> {
    for (;;) {
      await this.#pause(this.#options.rebalanceEveryMs);
      if (this.#isOver) return;
      const isJoin = this.#workers.length <= workersMin || (this.#workers.length < workersMax && this.#random.chance(0.5));
      if (isJoin) await this.#join();
      else await this.#leave();
    }
  }

  async #join(): Promise<void> {
    this.#disturbed('join');
    this.#counts.joins += 1;
    const worker = realWorker(this.#clients, workMsMax);
    await worker.start();
    this.#workers.push(worker);
  }

  async #leave(): Promise<void> {
    const [worker] = this.#workers.splice(this.#random.int(this.#workers.length), 1);
    if (worker === undefined) return;
    this.#disturbed('leave');
    this.#counts.leaves += 1;
    await worker.stop();
    this.#disturbed('leave');
  }

  async #progress(): Promise<void> {
    for (;;) {
      await this.#pause(progressMs);
      if (this.#isOver) return;
      const acked = this.#journals.map((journal) => journal.length).join(' and ');
      const health = this.#brokers.brokers.map((broker) => minuteText(broker.brokerName, broker.figures()));
      this.#options.onProgress?.([`${said(this.#allCounts())}; ${acked} sent beside`, ...health].join('\n  '));
    }
  }

  #disturbed(kind: Trouble): void {
    const atMs = this.#clock.monotonic();
    const isBrokerEnd = kind === 'stop' || kind === 'kill';
    this.#disturbances.push({
      atMs,
      what: disturbanceNames[kind],
      settleMs: settleMs[kind],
      isBrokerEnd,
      isKill: kind === 'kill',
    });
  }

  /** Ends early when the run is over. */
  async #pause(delayMs: number): Promise<void> {
    const endMs = performance.now() + delayMs;
    while (!this.#isOver && performance.now() < endMs) await pause(Math.min(200, Math.max(endMs - performance.now(), 1)));
  }
}

function countsOf({ deliveries, sent }: History): Record<string, number> {
  const all = [...sent.values()];
  const of = (flow: string): number => all.filter(({ parcel }) => parcel.flow === flow).length;
  return {
    sent: all.length,
    acked: all.filter(({ outcome }) => outcome === 'acked').length,
    unknown: all.filter(({ outcome }) => outcome === 'unknown').length,
    refused: all.filter(({ outcome }) => outcome === 'refused').length,
    entries: of('entry'),
    reminders: of('reminder'),
    payments: of('payment'),
    deliveries: deliveries.length,
    retries: deliveries.filter(({ attempt }) => attempt > 0).length,
    deadLetters: new Set(deliveries.filter(({ group }) => group === 'undertaker').map(({ id }) => id)).size,
  };
}

/** Some of every promise that was broken: their texts begin with its name. */
function examplesOf(violations: readonly string[]): string[] {
  const byName = new Map<string, string[]>();
  for (const violation of violations) {
    const name = violation.split(' ')[0] ?? '';
    byName.set(name, [...(byName.get(name) ?? []), violation]);
  }
  return [...byName].flatMap(([name, all]) => [`${name} ${all.length} times`, ...all.slice(0, examplesMax)]);
}

function said(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

/** The report in a few lines. */
export function mixedLoadText({ counts, duplicates, health, lateness, violations }: MixedLoadReport): string {
  return [
    said(counts),
    `twice: ${said(duplicates) || 'none'}`,
    ...lateness.map(latenessText),
    ...health.map(
      ({ brokerName, loopMaxMs, loopP99Ms, rssFirstMiB, rssSecondMiB, rssLastMiB }) =>
        `${brokerName}: RSS ${[rssFirstMiB, rssSecondMiB, rssLastMiB].map((mean) => mean.toFixed(0)).join(', ')} MiB in the thirds of its longest life; event loop p99 ${loopP99Ms.toFixed(1)} ms, longest ${loopMaxMs.toFixed(0)} ms`,
    ),
    `${violations.length} violations`,
    ...examplesOf(violations),
  ].join('\n');
}
