/** Does to a cluster what happens to clusters, as its seed says: several troubles at a time, each with an end. */
import type { SeededRandom } from '@orbitmq/testing';
import type { BrokerHost, Cluster } from './cluster.js';
import { growTopic } from './read-brokers.js';
import { diskFailure, type Survival } from './simulated-disk.js';
import { topics } from './topics.js';

/** Enough for every handler. */
const patientMs = 10_000;

type Trouble = keyof Nemesis['counts'];

export class Nemesis {
  /** How often each trouble happened. */
  readonly counts = {
    powerCuts: 0,
    brokerKills: 0,
    brokerStops: 0,
    nameServerKills: 0,
    cuts: 0,
    partitions: 0,
    stalls: 0,
    slowNetworks: 0,
    slowDisks: 0,
    workerStops: 0,
    workerKills: 0,
    shopKills: 0,
    clockJumps: 0,
    processPauses: 0,
    topicGrowths: 0,
    diskFailures: 0,
  };
  readonly #cluster: Cluster;
  readonly #random: SeededRandom;
  readonly #losesPower: boolean;
  readonly #running = new Set<Promise<void>>();
  /** Queues that a topic was given; fewer than before would hide messages. */
  readonly #queueCounts = new Map<string, number>();

  constructor(cluster: Cluster, options: { readonly losesPower: boolean }) {
    this.#cluster = cluster;
    this.#losesPower = options.losesPower;
    this.#random = cluster.random.fork('nemesis');
  }

  /** A worker joins, another one leaves in order: queues move, nothing breaks. */
  async rebalanceOnly(lifeMs: number): Promise<void> {
    const cluster = this.#cluster;
    await cluster.pause(lifeMs / 3);
    await cluster.addWorker();
    await cluster.pause(lifeMs / 3);
    await this.#stopWorker();
    await cluster.pause(lifeMs / 3);
  }

  async rage(lifeMs: number): Promise<void> {
    const cluster = this.#cluster;
    const endMs = cluster.nowMs + lifeMs;
    await cluster.pause(5000);
    while (cluster.nowMs < endMs) {
      this.#begin(this.#choose());
      await cluster.pause(500 + this.#random.int(8000));
    }
    await Promise.all(this.#running);
  }

  /** Everything runs and reaches everything again. */
  async makePeace(): Promise<void> {
    await Promise.all(this.#running);
    this.#cluster.network.heal();
    this.#cluster.trace.note('nemesis', 'makes peace');
  }

  #begin(trouble: Trouble): void {
    this.counts[trouble] += 1;
    this.#cluster.trace.note('nemesis', trouble);
    const running = this.#do(trouble).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #choose(): Trouble {
    const weights: readonly (readonly [Trouble, number])[] = [
      ['powerCuts', 4],
      ['brokerKills', 3],
      ['brokerStops', 2],
      ['nameServerKills', 1],
      ['cuts', 6],
      ['partitions', 4],
      ['stalls', 3],
      ['slowNetworks', 1],
      ['slowDisks', 3],
      ['workerStops', 3],
      ['workerKills', 4],
      ['shopKills', 2],
      ['clockJumps', 2],
      ['processPauses', 3],
      ['topicGrowths', 1],
      ['diskFailures', 2],
    ];
    let at = this.#random.int(weights.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [trouble, weight] of weights) {
      at -= weight;
      if (at < 0) return trouble;
    }
    return 'cuts';
  }

  #do(trouble: Trouble): Promise<void> {
    switch (trouble) {
      case 'powerCuts':
        return this.#crash(this.#random.chance(0.3) ? 'nothing' : 'random');
      case 'brokerKills':
        return this.#crash('everything');
      case 'brokerStops':
        return this.#restartInOrder();
      case 'nameServerKills':
        return this.#cluster.restartNameServer(this.#one(this.#cluster.nameServers), this.#random.int(20_000));
      case 'cuts':
        return this.#cut();
      case 'partitions':
        return this.#separate(true);
      case 'stalls':
        return this.#separate(false);
      case 'slowNetworks':
        return this.#slowNetwork();
      case 'slowDisks':
        return this.#slowDisk();
      case 'workerStops':
        return this.#replaceWorker(() => this.#stopWorker());
      case 'workerKills':
        return this.#replaceWorker(() => this.#killWorker());
      case 'shopKills':
        return this.#replaceShop();
      case 'clockJumps':
        return this.#jumpClock();
      case 'processPauses':
        return this.#pauseProcess();
      case 'topicGrowths':
        return this.#growTopic();
      case 'diskFailures':
        return this.#failDisk();
    }
  }

  async #crash(wanted: Survival): Promise<void> {
    const cluster = this.#cluster;
    const survival = this.#losesPower ? wanted : 'everything';
    const broker = this.#runningBroker();
    if (broker === undefined) return;
    cluster.crashBroker(broker, survival);
    await cluster.pause(this.#random.int(this.#random.chance(0.7) ? 3000 : 40_000));
    const starting = cluster.startBroker(broker);
    // Recovery is interrupted too.
    if (this.#random.chance(0.3)) {
      await cluster.pause(this.#random.int(250));
      if (cluster.crashBroker(broker, survival)) await cluster.startBroker(broker);
    }
    await starting;
  }

  async #restartInOrder(): Promise<void> {
    const broker = this.#runningBroker();
    // Whoever ended it first starts it again.
    if (broker === undefined || !(await this.#cluster.stopBroker(broker))) return;
    do await this.#cluster.pause(this.#random.int(5000));
    while (broker.isDiskFailing);
    await this.#cluster.startBroker(broker);
  }

  async #cut(): Promise<void> {
    const [left, right] = this.#twoHosts();
    this.#cluster.network.cut(left, right);
  }

  async #separate(isBothWays: boolean): Promise<void> {
    const { network } = this.#cluster;
    const [left, right] = this.#twoHosts();
    if (isBothWays) network.partition([left], [right]);
    else network.stall(left, right);
    await this.#cluster.pause(this.#random.int(this.#random.chance(0.7) ? 8000 : 90_000));
    network.heal();
  }

  async #slowNetwork(): Promise<void> {
    this.#cluster.network.setLatency({ min: 50, max: 1500 });
    await this.#cluster.pause(this.#random.int(20_000));
    this.#cluster.network.setLatency(this.#cluster.latencyMs);
  }

  async #slowDisk(): Promise<void> {
    const { disk } = this.#one(this.#cluster.brokers);
    const extraMs = 20 + this.#random.int(this.#random.chance(0.7) ? 500 : 8000);
    disk.delayMs = ({ kind }) => (kind === 'write' || kind === 'datasync' || kind === 'writeDurably' ? extraMs : 0);
    await this.#cluster.pause(this.#random.int(15_000));
    disk.delayMs = undefined;
  }

  async #replaceWorker(remove: () => Promise<void>): Promise<void> {
    await remove();
    await this.#cluster.pause(this.#random.int(15_000));
    await this.#cluster.addWorker();
  }

  async #stopWorker(): Promise<void> {
    const { workers } = this.#cluster;
    const [worker] = workers.splice(this.#random.int(workers.length), 1);
    if (worker === undefined) return;
    const deadlineMs = this.#random.chance(0.5) ? patientMs : 50;
    if (deadlineMs === patientMs) this.#cluster.history.stoppedAtMs.set(worker.process.name, this.#cluster.nowMs);
    await worker.process.whileAlive(worker.stop(deadlineMs));
    this.#cluster.kill(worker.process);
  }

  async #killWorker(): Promise<void> {
    const { workers } = this.#cluster;
    const [worker] = workers.splice(this.#random.int(workers.length), 1);
    if (worker !== undefined) this.#cluster.kill(worker.process, this.#random.chance(0.3));
  }

  async #replaceShop(): Promise<void> {
    const { shops } = this.#cluster;
    const [shop] = shops.splice(this.#random.int(shops.length), 1);
    if (shop !== undefined) this.#cluster.kill(shop.process, this.#random.chance(0.3));
    await this.#cluster.pause(this.#random.int(10_000));
    (await this.#cluster.addShop()).open();
  }

  async #jumpClock(): Promise<void> {
    const { brokers, shops, workers, history } = this.#cluster;
    const hosts = [...brokers.map(({ host }) => host), ...[...shops, ...workers].map(({ process }) => process.host)];
    const host = this.#one(hosts);
    if (brokers.some((broker) => broker.host === host)) history.hasClockJumps = true;
    this.#cluster.machineClock(host).offsetMs += (this.#random.chance(0.5) ? -1 : 1) * this.#random.int(40_000);
  }

  async #pauseProcess(): Promise<void> {
    const { shops, workers, history } = this.#cluster;
    const { process } = this.#one([...shops, ...workers]);
    process.pause();
    history.pause(process.name, this.#cluster.nowMs);
    await this.#cluster.pause(this.#random.int(this.#random.chance(0.6) ? 10_000 : 100_000));
    process.resume();
  }

  async #growTopic(): Promise<void> {
    const broker = this.#runningBroker()?.broker;
    const topic = this.#one([topics.orders, topics.ledger, topics.payments, topics.reminders]).name;
    const queueCount = (this.#queueCounts.get(topic) ?? 6) + 1;
    this.#queueCounts.set(topic, queueCount);
    if (broker !== undefined) await growTopic(this.#cluster, broker, topic, queueCount);
  }

  /**
   * An operation fails: the broker says so and ends, and another one starts on what is there. It goes on only where nothing
   * acknowledged depends on the operation: what is derived from the log, and tables that are written again until it works.
   */
  async #failDisk(): Promise<void> {
    const cluster = this.#cluster;
    const entry = this.#runningBroker();
    if (entry?.broker === undefined) return;
    const { disk, broker } = entry;
    const kinds = this.#random.chance(0.5) ? ['write', 'writeDurably'] : ['datasync', 'writeDurably'];
    let hasFailed = false;
    let isFinal = true;
    let isReported = false;
    void broker.failed.then(() => {
      isReported = true;
    });
    entry.isDiskFailing = true;
    disk.failure = ({ kind, path }) => {
      if (hasFailed || !kinds.includes(kind)) return undefined;
      hasFailed = true;
      isFinal = !/\/(?:index|config|checksums|index-checksums)\//.test(path);
      cluster.trace.note(entry.brokerName, `cannot ${kind} ${path}`);
      return diskFailure('EIO', path);
    };
    await cluster.pause(5000 + this.#random.int(5000));
    disk.failure = undefined;
    if (entry.broker === broker && hasFailed && (isFinal || isReported)) {
      if (!isReported) cluster.history.problems.push(`I18 ${entry.brokerName} goes on after a failed operation`);
      cluster.crashBroker(entry, this.#losesPower ? 'random' : 'everything');
      await cluster.pause(this.#random.int(3000));
      entry.isDiskFailing = false;
      await cluster.startBroker(entry);
    }
    entry.isDiskFailing = false;
  }

  #runningBroker(): BrokerHost | undefined {
    const running = this.#cluster.brokers.filter(({ process, isDiskFailing }) => process !== undefined && !isDiskFailing);
    return running.length === 0 ? undefined : this.#one(running);
  }

  /** Two machines that talk to each other: a client or NameServer, and a broker or NameServer. */
  #twoHosts(): readonly [string, string] {
    const { brokers, nameServers, shops, workers } = this.#cluster;
    const clients = [...shops, ...workers].map(({ process }) => process.host);
    const namesrvHosts = nameServers.map(({ host }) => host);
    const brokerHost = this.#one(brokers).host;
    const kind = this.#random.int(10);
    if (kind === 0) return [this.#one(clients), this.#one(namesrvHosts)];
    if (kind <= 2) return [brokerHost, this.#one(namesrvHosts)];
    const client = this.#one(clients);
    return this.#random.chance(0.5) ? [client, brokerHost] : [brokerHost, client];
  }

  #one<Item>(items: readonly Item[]): Item {
    const item = items[this.#random.int(items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }
}
