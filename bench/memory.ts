/**
 * Whether memory stays flat while much is written and read back: writes a GiB, reads it all back, again and again, and prints the
 * broker's anonymous memory. With `--topics 1000` the backlog lies in 1,000 topics × 4 queues, all read at once from far behind.
 * Needs as much disk as it writes. `npm run bench:memory -- --gib 20 --topics 1`.
 */
import { parseArgs } from 'node:util';
import type { CatchUpOptions, CatchUpResult } from './support/catch-up-reader.js';
import { createTopics } from './support/create-topics.js';
import { openFileCount } from './support/open-files.js';
import { anonymousMiB, runLoad, runProgram } from './support/run-load.js';
import { pidOf, portOf, startServerPair } from './support/server-pair.js';

const { values } = parseArgs({
  options: {
    gib: { type: 'string', default: '20' },
    topics: { type: 'string', default: '1' },
    flush: { type: 'string', default: 'ASYNC_FLUSH' },
  },
});
const queues = 4;
const bodyBytes = 1024;
const messagesPerGib = Math.round(2 ** 30 / (bodyBytes + 170));
const topics = Array.from({ length: Number(values.topics) }, (_, index) => `memory-${index}`);
const sampleMs = 100;

const config = { flushDiskType: values.flush, mappedFileSizeCommitLog: String(1 << 30) };
const pair = await startServerPair({ version: '', oursOnly: true, config });
const [server] = pair.servers;
if (server === undefined) throw new Error('no server');
await createTopics(server.brokerAddr, topics, queues);
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
console.log(line('at start'));
for (let gib = 1; gib <= Number(values.gib); gib += 1) {
  await runLoad(pid, {
    port: portOf(server),
    topics,
    queues,
    connections: 4,
    inFlight: 64,
    bodyBytes,
    seconds: 3600,
    messagesMax: messagesPerGib,
    consume: false,
  });
  console.log(line(`${gib} GiB written`));
  const read: CatchUpOptions = { port: portOf(server), topics, queues, connections: 4, seconds: 0 };
  const { messages, seconds } = await runProgram<CatchUpResult>('catch-up-reader.ts', read);
  console.log(line(`${gib} GiB read back, ${Math.round(messages / seconds)} msg/s`));
}
clearInterval(sampler);
await pair.stop();
process.exit(0);
