/**
 * Catching up with a backlog, ours beside Apache's: read from the disk (all pages of the store evicted after a restart) and from the
 * page cache. A smaller topic warms the JVM's compiler, and ours, before. Prints messages/s, broker CPU per message, anonymous memory and
 * ratios (ours ÷ theirs). `npm run bench:catch-up -- --mib 1024 --seconds 5 --rounds 3 --version 5.5.0`. Linux: needs dd and fincore.
 */
import { parseArgs } from 'node:util';
import { backlogQueues, fill, messagesIn, readBack } from './support/backlog.js';
import { createTopics } from './support/create-topics.js';
import { evict, residentMiB } from './support/page-cache.js';
import { anonymousMiB, cpuSeconds } from './support/run-load.js';
import { alone, type MeasuredServer, median, pidOf, startServerPair } from './support/server-pair.js';

const { values } = parseArgs({
  options: {
    version: { type: 'string', default: '5.5.0' },
    mib: { type: 'string', default: '1024' },
    connections: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    'ours-only': { type: 'boolean', default: false },
  },
});
const backlogMessages = messagesIn(Number(values.mib));
const warmSeconds = 8;

interface Figure {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly perPull: number;
}

async function read(server: MeasuredServer, topic: string, seconds: number): Promise<Figure> {
  const before = cpuSeconds(pidOf(server));
  const result = await readBack(server, [topic], { connections: Number(values.connections), seconds });
  const cpuMicros = ((cpuSeconds(pidOf(server)) - before) * 1e6) / result.messages;
  return { perSecond: result.messages / result.seconds, cpuMicros, perPull: result.messages / result.pulls };
}

/** A start after which nothing of the backlog is in memory, with warm code. */
async function makeCold(server: MeasuredServer): Promise<void> {
  await server.restartBroker('SIGTERM');
  await read(server, 'warm', warmSeconds);
  evict(server.store);
  console.log(
    `  ${server.name}: ${Math.round(residentMiB(server.store))} MiB of the store are in the page cache before the cold read`,
  );
}

function print(name: string, figures: readonly Figure[]): void {
  console.log(name);
  for (const [index, { perSecond, cpuMicros, perPull }] of figures.entries()) {
    const line = `${Math.round(perSecond)} msg/s · ${cpuMicros.toFixed(2)} µs CPU/msg · ${perPull.toFixed(1)} messages per pull`;
    console.log(`  ${(pair.servers[index]?.name ?? '').padEnd(14)} ${line}`);
  }
  const [ours, theirs] = figures;
  if (ours === undefined || theirs === undefined) return;
  const cpu = (ours.cpuMicros / theirs.cpuMicros).toFixed(2);
  console.log(`  ratio          throughput ${(ours.perSecond / theirs.perSecond).toFixed(2)} · CPU ${cpu}`);
}

const config = { flushDiskType: 'ASYNC_FLUSH', mappedFileSizeCommitLog: String(256 << 20) };
const pair = await startServerPair({ version: values.version, oursOnly: values['ours-only'], config });
for (const server of pair.servers) {
  await createTopics(server.brokerAddr, ['backlog', 'warm'], backlogQueues);
  await alone(server, pair.servers, async () => {
    await fill(server, ['backlog'], backlogMessages);
    await fill(server, ['warm'], Math.round(backlogMessages / 8));
  });
}

const cold: Figure[] = [];
for (const server of pair.servers) {
  await alone(server, pair.servers, async () => {
    await makeCold(server);
    cold.push(await read(server, 'backlog', 0));
  });
}
print(`catch-up of ${values.mib} MiB, cold`, cold);

const hot: Figure[][] = pair.servers.map(() => []);
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const [index, server] of pair.servers.entries()) {
    hot[index]?.push(await alone(server, pair.servers, () => read(server, 'backlog', Number(values.seconds))));
  }
}
print(
  `catch-up of ${values.mib} MiB, hot`,
  hot.map((figures) => ({
    perSecond: median(figures.map((figure) => figure.perSecond)),
    cpuMicros: median(figures.map((figure) => figure.cpuMicros)),
    perPull: median(figures.map((figure) => figure.perPull)),
  })),
);
for (const server of pair.servers) console.log(`${server.name}: ${Math.round(anonymousMiB(pidOf(server)))} MiB anonymous memory`);
await pair.stop();
process.exit(0);
