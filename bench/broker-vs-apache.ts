/**
 * Our broker beside Apache's on this machine: both are up, the one not measured is stopped, rounds alternate. Prints figures and
 * ratios (ours ÷ theirs). `npm run bench -- --version 4.9.7 --rounds 3 --seconds 5 --flush SYNC_FLUSH`.
 */
import { parseArgs } from 'node:util';
import { startApacheServer } from '../test/interop/apache/apache-server.js';
import type { ApacheVersion } from '../test/interop/apache/distribution.js';
import type { MqServer } from '../test/interop/mq-server.js';
import { startOrbitServer } from '../test/interop/orbit-server.js';
import { temporaryDirectory } from '../test/support/temporary-directory.js';
import { createTopics } from './support/create-topics.js';
import type { LoadOptions } from './support/load-generator.js';
import { anonymousMiB, type Measured, runLoad } from './support/run-load.js';

const { values } = parseArgs({
  options: {
    version: { type: 'string', default: '5.5.0' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    flush: { type: 'string', default: 'SYNC_FLUSH' },
    only: { type: 'string', default: '' },
    'ours-only': { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

const scenarios: Record<string, Omit<LoadOptions, 'port' | 'seconds'>> = {
  'send 4 × 64, 1 KiB': { topics: ['bench'], queues: 4, connections: 4, inFlight: 64, bodyBytes: 1024, consume: false },
  'send 4 × 64, 128 B': { topics: ['bench'], queues: 4, connections: 4, inFlight: 64, bodyBytes: 128, consume: false },
  'send 1 × 1, 1 KiB': { topics: ['bench'], queues: 4, connections: 1, inFlight: 1, bodyBytes: 1024, consume: false },
  'send 256 × 1, 1 KiB': { topics: ['bench'], queues: 4, connections: 256, inFlight: 1, bodyBytes: 1024, consume: false },
  'produce + consume at the tail, 1 KiB': {
    topics: ['tail'],
    queues: 4,
    connections: 4,
    inFlight: 64,
    bodyBytes: 1024,
    consume: true,
  },
};

function pidOf(server: MqServer): number {
  const { pid } = server.brokerProcess.process;
  if (pid === undefined) throw new Error(`${server.name} has no process`);
  return pid;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

const overrides = { flushDiskType: values.flush, mappedFileSizeCommitLog: String(1 << 30), sendMessageThreadPoolNums: '2' };
const directories = await Promise.all([temporaryDirectory('bench-ours'), temporaryDirectory('bench-theirs')]);
const servers: MqServer[] = [await startOrbitServer(directories[0].path, overrides)];
if (values['ours-only'] !== true)
  servers.push(
    await startApacheServer(values.version as ApacheVersion, directories[1].path, {
      ...overrides,
      brokerFastFailureEnable: 'true',
      waitTimeMillsInSendQueue: '5000',
    }),
  );
for (const server of servers) await createTopics(server.brokerAddr, ['bench', 'tail'], 4);

async function measure(server: MqServer, options: Omit<LoadOptions, 'port' | 'seconds'>, forSeconds: number): Promise<Measured> {
  for (const other of servers) if (other !== server) other.brokerProcess.process.kill('SIGSTOP');
  const measured = await runLoad(pidOf(server), {
    ...options,
    port: Number(server.brokerAddr.split(':')[1]),
    seconds: forSeconds,
  });
  for (const other of servers) if (other !== server) other.brokerProcess.process.kill('SIGCONT');
  return measured;
}

for (const [name, options] of Object.entries(scenarios)) {
  if (values.only !== '' && !name.includes(values.only ?? '')) continue;
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
await Promise.all(servers.map((server) => server.stop()));
await Promise.all(directories.map((directory) => directory.remove()));
process.exit(0);
