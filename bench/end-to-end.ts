/**
 * End to end through the public API: our stand-alone durable broker in one Node process, an application that sends and consumes
 * in another. Prints messages per second from `send()` to handler. `npm run bench:end-to-end -- --seconds 8 --codec json`.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startOrbitServer } from '../test/interop/orbit-server.js';
import { temporaryDirectory } from '../test/support/temporary-directory.js';
import { createTopics } from './support/create-topics.js';
import type { ShopLoadOptions, ShopLoadResult } from './support/shop-load.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    'in-flight': { type: 'string', default: '512' },
    codec: { type: 'string', default: 'bytes' },
    rounds: { type: 'string', default: '3' },
  },
});
const program = join(dirname(fileURLToPath(import.meta.url)), 'support/shop-load.ts');

async function run(options: ShopLoadOptions): Promise<ShopLoadResult> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = '{}';
  for await (const line of createInterface({ input: child.stdout })) last = line;
  return JSON.parse(last) as ShopLoadResult;
}

const directory = await temporaryDirectory('end-to-end');
const server = await startOrbitServer(directory.path, { mappedFileSizeCommitLog: String(1 << 30) });
await createTopics(server.brokerAddr, ['end-to-end'], 4);
for (let round = 0; round < Number(values.rounds); round += 1) {
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
  console.log(`${Math.round(result.perSecond)} msg/s end to end (${result.sent} sent, ${result.consumed} consumed)`);
}
await server.stop();
await directory.remove();
process.exit(0);
