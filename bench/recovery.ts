/**
 * From `kill -9` to the first accepted send, on a log of some size, ours beside Apache's. Every message is read back afterwards, in order.
 * `npm run bench:recovery -- --mib 2048 --version 5.5.0 --flush SYNC_FLUSH`.
 */
import { parseArgs } from 'node:util';
import { waitUntil } from '../test/support/wait-until.js';
import type { CatchUpOptions, CatchUpResult } from './support/catch-up-reader.js';
import { createTopics } from './support/create-topics.js';
import type { LoadOptions } from './support/load-generator.js';
import { sendOne } from './support/raw-frames.js';
import { anonymousMiB, runLoad, runProgram } from './support/run-load.js';
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
const queues = 4;
const bodyBytes = 1024;
const recordBytes = bodyBytes + 170;
const messagesMax = Math.round((Number(values.mib) * 1_048_576) / recordBytes);

const config = { flushDiskType: values.flush, mappedFileSizeCommitLog: String(1 << 30) };
const pair = await startServerPair({ version: values.version, oursOnly: values['ours-only'], config });
const seconds: number[] = [];
for (const server of pair.servers) {
  await createTopics(server.brokerAddr, topics, queues);
  await alone(server, pair.servers, async () => {
    const load: LoadOptions = {
      port: portOf(server),
      topics,
      queues,
      connections: 4,
      inFlight: 64,
      bodyBytes,
      seconds: 3600,
      messagesMax,
      consume: false,
    };
    const { sent } = await runLoad(pidOf(server), load);
    const started = performance.now();
    await server.restartBroker('SIGKILL');
    await waitUntil('a send is accepted', 60_000, async () => (await sendOne(portOf(server), 'recovery')) === 0);
    const total = (performance.now() - started) / 1000;
    seconds.push(total);
    const anonymous = Math.round(anonymousMiB(pidOf(server)));
    const read: CatchUpOptions = { port: portOf(server), topics, queues, connections: 1, seconds: 0 };
    const { messages } = await runProgram<CatchUpResult>('catch-up-reader.ts', read);
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
