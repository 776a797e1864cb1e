/**
 * Our broker beside Apache's on this machine: both are up, the one not measured is stopped, rounds alternate. Prints figures and
 * ratios (ours ÷ theirs). `npm run bench -- --version 4.9.7 --rounds 3 --seconds 5 --flush SYNC_FLUSH --only '1 KiB'`; our durable
 * sends against its undurable ones: `--flush ASYNC_FLUSH --our-flush SYNC_FLUSH`.
 */
import { parseArgs } from 'node:util';
import { createTopics } from './support/create-topics.js';
import type { LoadOptions } from './support/load-generator.js';
import { anonymousMiB, type Measured, runLoad } from './support/run-load.js';
import { alone, type MeasuredServer, median, pidOf, portOf, startServerPair } from './support/server-pair.js';

const { values } = parseArgs({
  options: {
    version: { type: 'string', default: '5.5.0' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    flush: { type: 'string', default: 'SYNC_FLUSH' },
    'our-flush': { type: 'string' },
    only: { type: 'string', default: '' },
    'ours-only': { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

const manyTopics = Array.from({ length: 1000 }, (_, index) => `many-${index}`);
const scenarios: Record<string, Omit<LoadOptions, 'port' | 'seconds'>> = {
  'send 4 × 64, 1 KiB': { topics: ['bench'], queues: 4, connections: 4, inFlight: 64, bodyBytes: 1024, consume: false },
  'send 4 × 64, 128 B': { topics: ['bench'], queues: 4, connections: 4, inFlight: 64, bodyBytes: 128, consume: false },
  'send 1 × 1, 1 KiB': { topics: ['bench'], queues: 4, connections: 1, inFlight: 1, bodyBytes: 1024, consume: false },
  'send 256 × 1, 1 KiB': { topics: ['bench'], queues: 4, connections: 256, inFlight: 1, bodyBytes: 1024, consume: false },
  'send 4 × 64 to 1,000 topics × 4 queues, 1 KiB': {
    topics: manyTopics,
    queues: 4,
    connections: 4,
    inFlight: 64,
    bodyBytes: 1024,
    consume: false,
  },
  'produce + consume at the tail, 1 KiB': {
    topics: ['tail'],
    queues: 4,
    connections: 4,
    inFlight: 64,
    bodyBytes: 1024,
    consume: true,
  },
};

const config = { flushDiskType: values.flush, mappedFileSizeCommitLog: String(1 << 30) };
const ourConfig = { flushDiskType: values['our-flush'] ?? values.flush };
const { version, 'ours-only': oursOnly } = values;
const pair = await startServerPair({ version, oursOnly, config, ourConfig });
const { servers } = pair;
const isWanted = (name: string): boolean => name.includes(values.only);
const topics = new Set(Object.entries(scenarios).flatMap(([name, { topics }]) => (isWanted(name) ? topics : [])));
for (const server of servers) await createTopics(server.brokerAddr, [...topics], 4);

function measure(server: MeasuredServer, options: Omit<LoadOptions, 'port' | 'seconds'>, forSeconds: number): Promise<Measured> {
  return alone(server, servers, () => runLoad(pidOf(server), { ...options, port: portOf(server), seconds: forSeconds }));
}

for (const [name, options] of Object.entries(scenarios)) {
  if (!isWanted(name)) continue;
  const figures = servers.map((): Measured[] => []);
  for (let round = -1; round < rounds; round += 1) {
    for (const [index, server] of servers.entries()) {
      // The first round warms up the JVM's compiler, and ours.
      const measured = await measure(server, options, round < 0 ? Math.max(seconds, 8) : seconds);
      if (round >= 0) figures[index]?.push(measured);
    }
  }
  const summary = figures.map((list) => ({
    perSecond: median(list.map((item) => (options.consume ? Math.min(item.perSecond, item.consumedPerSecond) : item.perSecond))),
    cpuMicros: median(list.map((item) => item.cpuMicros)),
    p50: median(list.map((item) => item.p50)),
    p99: median(list.map((item) => item.p99)),
  }));
  console.log(name);
  for (const [index, item] of summary.entries()) {
    const line = [
      `${Math.round(item.perSecond)} msg/s`,
      `${item.cpuMicros.toFixed(1)} µs CPU/msg`,
      `p50 ${item.p50.toFixed(2)} ms`,
      `p99 ${item.p99.toFixed(2)} ms`,
    ];
    console.log(`  ${(servers[index]?.name ?? '').padEnd(14)} ${line.join(' · ')}`);
  }
  const [ours, theirs] = summary;
  if (ours !== undefined && theirs !== undefined) {
    console.log(
      `  ratio          throughput ${(ours.perSecond / theirs.perSecond).toFixed(2)} · CPU ${(ours.cpuMicros / theirs.cpuMicros).toFixed(2)}`,
    );
  }
}
for (const server of servers) console.log(`${server.name}: ${Math.round(anonymousMiB(pidOf(server)))} MiB anonymous memory`);
await pair.stop();
process.exit(0);
