/**
 * From `kill -9` to the first accepted send, on a log of some size, ours beside Apache's. Every message is read back afterwards, in order.
 * `npm run bench:recovery -- --mib 2048 --version 5.5.0 --flush SYNC_FLUSH`.
 */
import { parseArgs } from 'node:util';
import { waitUntil } from '../test/support/wait-until.js';
import { backlogQueues, fill, messagesIn, readBack } from './support/backlog.js';
import { createTopics } from './support/create-topics.js';
import { sendOne } from './support/raw-frames.js';
import { anonymousMiB } from './support/run-load.js';
import { alone, pidOf, portOf, startServerPair } from './support/server-pair.js';

const { values } = parseArgs({
  options: {
    version: { type: 'string', default: '5.5.0' },
    mib: { type: 'string', default: '2048' },
    flush: { type: 'string', default: 'ASYNC_FLUSH' },
    'ours-only': { type: 'boolean', default: false },
  },
});
const topics = ['recovery'];

const config = { flushDiskType: values.flush, mappedFileSizeCommitLog: String(1 << 30) };
const pair = await startServerPair({ version: values.version, oursOnly: values['ours-only'], config });
const seconds: number[] = [];
for (const server of pair.servers) {
  await createTopics(server.brokerAddr, topics, backlogQueues);
  await alone(server, pair.servers, async () => {
    const { sent } = await fill(server, topics, messagesIn(Number(values.mib)));
    const started = performance.now();
    await server.restartBroker('SIGKILL');
    await waitUntil('a send is accepted', 60_000, async () => (await sendOne(portOf(server), 'recovery')) === 0);
    const total = (performance.now() - started) / 1000;
    seconds.push(total);
    const anonymous = Math.round(anonymousMiB(pidOf(server)));
    const { messages } = await readBack(server, topics, { connections: 1 });
    // The process was killed, not the machine: what it had written is there.
    if (messages < sent) throw new Error(`${server.name} answered ${sent} sends and has ${messages} messages`);
    console.log(
      `${server.name.padEnd(14)} ${total.toFixed(2)} s · ${messages} messages read back · ${anonymous} MiB anonymous memory`,
    );
  });
}
const [ours, theirs] = seconds;
if (ours !== undefined && theirs !== undefined) console.log(`ratio          ${(ours / theirs).toFixed(2)} of its time`);
await pair.stop();
process.exit(0);
