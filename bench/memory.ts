/**
 * Whether memory stays flat while much is written and read back: writes a GiB, reads it all back, again and again, and prints the
 * broker's anonymous memory. With `--topics 1000` the backlog lies in 1,000 topics × 4 queues, all read at once from far behind.
 * `--consumers 64` reads over so many connections, each at other places of the log. `--explain` says what the memory is made of. Needs as
 * much disk as it writes. `npm run bench:memory -- --gib 20 --topics 1`.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { backlogQueues, fill, messagesIn, readBack } from './support/backlog.js';
import { createTopics } from './support/create-topics.js';
import { explainMemory, probeEnvironment } from './support/memory-probe.js';
import { openFileCount } from './support/open-files.js';
import { anonymousMiB } from './support/run-load.js';
import { pidOf, startServerPair } from './support/server-pair.js';

const { values } = parseArgs({
  options: {
    gib: { type: 'string', default: '20' },
    topics: { type: 'string', default: '1' },
    consumers: { type: 'string', default: '4' },
    flush: { type: 'string', default: 'ASYNC_FLUSH' },
    explain: { type: 'boolean', default: false },
  },
});
const topics = Array.from({ length: Number(values.topics) }, (_, index) => `memory-${index}`);
const connections = Number(values.consumers);
const sampleMs = 100;

// Only what is started from here on, and not the programs of the load.
const probePath = join(tmpdir(), `orbitmq-memory-${process.pid}`);
const probe = values.explain ? probeEnvironment(probePath) : {};
Object.assign(process.env, probe);
const config = { flushDiskType: values.flush, mappedFileSizeCommitLog: String(1 << 30) };
const pair = await startServerPair({ version: '', oursOnly: true, config });
const [server] = pair.servers;
if (server === undefined) throw new Error('no server');
for (const name of Object.keys(probe)) delete process.env[name];
await createTopics(server.brokerAddr, topics, backlogQueues);
const pid = pidOf(server);
let highest = 0;
const sampler = setInterval(() => {
  highest = Math.max(highest, anonymousMiB(pid));
}, sampleMs);
const line = (what: string): string => {
  const text = `${what}: ${Math.round(anonymousMiB(pid))} MiB anonymous, at most ${Math.round(highest)}, ${openFileCount(pid)} descriptors`;
  highest = 0;
  return text;
};
async function report(what: string): Promise<void> {
  console.log(line(what));
  if (values.explain) console.log(`    ${await explainMemory(pid, probePath)}`);
}
await report('at start');
for (let gib = 1; gib <= Number(values.gib); gib += 1) {
  await fill(server, topics, messagesIn(1024));
  await report(`${gib} GiB written`);
  const { messages, seconds } = await readBack(server, topics, { connections, isStaggered: connections > 4 });
  await report(`${gib} GiB read back, ${Math.round(messages / seconds)} msg/s`);
}
clearInterval(sampler);
await pair.stop();
process.exit(0);
