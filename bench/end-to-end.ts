/**
 * End to end through the public API: our stand-alone durable broker in one Node process, an application that sends and consumes
 * in another. Prints messages per second from `send()` to handler, and what a message costs either process. `npm run bench:end-to-end
 * -- --seconds 8 --codec json`; `--profile DIRECTORY` leaves a CPU profile of the application there.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startOrbitServer } from '../test/interop/orbit-server.js';
import { temporaryDirectory } from '../test/support/temporary-directory.js';
import { createTopics } from './support/create-topics.js';
import { cpuSeconds } from './support/run-load.js';
import { pidOf } from './support/server-pair.js';
import type { ShopLoadOptions, ShopLoadResult } from './support/shop-load.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    'in-flight': { type: 'string', default: '512' },
    codec: { type: 'string', default: 'bytes' },
    rounds: { type: 'string', default: '3' },
    profile: { type: 'string' },
  },
});
const program = join(dirname(fileURLToPath(import.meta.url)), 'support/shop-load.ts');

async function run(options: ShopLoadOptions): Promise<ShopLoadResult> {
  const profiling = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const args = [...profiling, '--import', 'tsx', program, JSON.stringify(options)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let last = '{}';
  for await (const line of createInterface({ input: child.stdout })) last = line;
  return JSON.parse(last) as ShopLoadResult;
}

const directory = await temporaryDirectory('end-to-end');
const server = await startOrbitServer(directory.path, { mappedFileSizeCommitLog: String(1 << 30) });
await createTopics(server.brokerAddr, ['end-to-end'], 4);
for (let round = 0; round < Number(values.rounds); round += 1) {
  const brokerBefore = cpuSeconds(pidOf(server));
  const result = await run({
    url: `rocketmq://${server.namesrvAddr}`,
    topic: 'end-to-end',
    send: true,
    consume: true,
    inFlight: Number(values['in-flight']),
    bodyBytes: 1024,
    codec: values.codec === 'json' ? 'json' : 'bytes',
    seconds: Number(values.seconds),
  });
  const brokerMicros = ((cpuSeconds(pidOf(server)) - brokerBefore) * 1e6) / Math.max(1, result.consumed);
  console.log(
    `${Math.round(result.perSecond)} msg/s end to end (${result.sent} sent, ${result.consumed} consumed), CPU per message: application ${result.cpuMicros.toFixed(1)} µs, broker ${brokerMicros.toFixed(1)} µs`,
  );
}
await server.stop();
await directory.remove();
process.exit(0);
