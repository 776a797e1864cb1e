/** What a run does: some life, faults or none, then peace until everything has arrived, then the verdict. */
import type { BrokerConfig } from '@orbitmq/broker';
import { check, checkCalm, unfinished } from './checker.js';
import { Cluster, type ClusterOptions } from './cluster.js';
import { Nemesis } from './nemesis.js';
import { createTopics, readBrokers } from './read-brokers.js';
import { groups } from './topics.js';

export interface RunOptions extends Omit<ClusterOptions, 'brokerConfig'> {
  /** How long shops send, virtual milliseconds. */
  readonly lifeMs: number;
  readonly isStormy: boolean;
  /** Brokers answer before the disk has it: processes are killed then, but power is never lost. */
  readonly isAsyncFlush?: boolean | undefined;
}

export interface Report {
  readonly seed: number;
  /** Of everything that could be observed. */
  readonly digest: string;
  readonly violations: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly trace: readonly string[];
}

const shopCount = 2;
const workerCount = 3;
const drainLimitMs = 900_000;
/** After all has arrived: what comes now should not. */
const quietMs = 70_000;
const limitMs = 7_200_000;

export async function run(options: RunOptions): Promise<Report> {
  const brokerConfig: Partial<BrokerConfig> = {
    // Sooner than clients give up, so that they learn of a message that is stored but not yet flushed.
    ...(options.isStormy ? { syncFlushTimeout: 2000 } : {}),
    ...(options.isAsyncFlush === true ? { flushDiskType: 'ASYNC_FLUSH' } : {}),
  };
  const cluster = new Cluster({ ...options, brokerConfig });
  return cluster.time.settle(live(cluster, options), limitMs);
}

async function live(cluster: Cluster, { lifeMs, isStormy, isAsyncFlush = false }: RunOptions): Promise<Report> {
  await cluster.start();
  // Without this the first message to a broker makes the topic there, and others learn of it by and by.
  if (!isStormy || cluster.random.fork('topics').chance(0.3)) await createTopics(cluster);
  for (let index = 0; index < shopCount; index += 1) (await cluster.addShop()).open();
  for (let index = 0; index < workerCount; index += 1) await cluster.addWorker();
  const nemesis = new Nemesis(cluster, { losesPower: !isAsyncFlush });
  if (isStormy) await nemesis.rage(lifeMs);
  else await nemesis.rebalanceOnly(lifeMs);
  await nemesis.makePeace();
  for (const shop of cluster.shops) if (shop.process.isAlive) await shop.close();
  const drainFromMs = cluster.nowMs;
  await cluster.until(() => unfinished(cluster.history).length === 0, drainLimitMs);
  const drainMs = cluster.nowMs - drainFromMs;
  await cluster.pause(quietMs);
  const brokers = await readBrokers(cluster);
  const violations = check({ history: cluster.history, brokers });
  if (!isStormy) violations.push(...checkCalm(cluster.history));
  await cluster.stop();
  if (!isStormy) violations.push(...(await leaks(cluster)));
  violations.push(...cluster.history.problems.filter((problem) => !violations.includes(problem)));
  return {
    seed: cluster.seed,
    digest: cluster.trace.digest(),
    violations,
    counts: { ...countsOf(cluster), ...nemesis.counts, drainMs },
    trace: cluster.trace.lines ?? [],
  };
}

/** What a cluster that was stopped in order leaves behind. */
async function leaks(cluster: Cluster): Promise<string[]> {
  await cluster.pause(5000);
  const { network, time } = cluster;
  const left: string[] = [];
  if (network.connectionCount > 0) left.push(`I17 ${network.connectionCount} connections are left`);
  if (time.pendingCount > 0) left.push(`I17 ${time.pendingCount} timers are left`);
  return left;
}

function countsOf({ history, trace, time }: Cluster): Record<string, number> {
  const sent = [...history.sent.values()];
  const outcomes = (outcome: string): number => sent.filter((one) => one.outcome === outcome).length;
  const sights = new Set(history.deliveries.map(({ group, id }) => `${group} ${id}`));
  return {
    sent: sent.length,
    acked: outcomes('acked'),
    weaker: outcomes('weaker'),
    unknown: outcomes('unknown'),
    refused: outcomes('refused'),
    deliveries: history.deliveries.length,
    redeliveries: history.deliveries.length - sights.size,
    takeovers: takeovers(history.deliveries),
    deadLetters: new Set(history.deliveries.filter(({ group }) => group === 'undertaker').map(({ id }) => id)).size,
    aborted: history.deliveries.filter(({ outcome }) => outcome === 'aborted').length,
    groups: groups.length,
    events: trace.eventCount,
    timers: time.firedCount,
    virtualMs: time.monotonic(),
  };
}

/** How often a queue of a group went from one process to another. */
function takeovers(deliveries: readonly { readonly group: string; readonly queue: string; readonly process: string }[]): number {
  const owners = new Map<string, string>();
  let count = 0;
  for (const { group, queue, process } of deliveries) {
    const key = `${group} ${queue}`;
    const owner = owners.get(key);
    if (owner !== undefined && owner !== process) count += 1;
    owners.set(key, process);
  }
  return count;
}
