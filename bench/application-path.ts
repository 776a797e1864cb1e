/**
 * What a message costs an application that sends and consumes it through the public API: payload, middleware, queue choice, frame,
 * answer, receipt; pull answer, records, process queue, handler. No socket and no other process: the broker is a mirror in this
 * one (its cost is part of the figure), so that the figure is steady on a busy machine. Prints CPU microseconds per message, best and
 * median of several rounds, garbage collection included. Run: `npx tsc -b && node --import tsx bench/application-path.ts`.
 */
import { parseArgs } from 'node:util';
import { systemEnvironment } from '@orbitmq/core/kernel';
import { createTcpTransport } from '@orbitmq/transport-tcp';
import { bytesCodec, consume, createMqApp, defineTopic, producer } from 'orbitmq';
import { MirrorBroker } from './support/mirror-broker.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '30' }, 'in-flight': { type: 'string', default: '512' } },
});
const messagesPerRound = 10_000;
const body = Buffer.alloc(1024, 0x61);
const topic = defineTopic<Uint8Array>('end-to-end', { codec: bytesCodec });
let consumed = 0;
let onRoundEnd = (): void => undefined;
const orders = producer(topic, { group: 'bench-producers', sendTimeoutMs: 60_000 });
const reader = consume(topic, { group: 'bench-consumers', concurrency: 64 }, async () => {
  consumed += 1;
  if (consumed % messagesPerRound === 0) onRoundEnd();
});
const app = await createMqApp({
  transport: createTcpTransport({
    environment: systemEnvironment(),
    dialer: new MirrorBroker(topic.name, 4),
    namesrvAddr: ['127.0.0.1:9876'],
    durability: 'memory',
    clientIp: '127.0.0.1',
    processId: process.pid,
  }),
  providers: [orders, reader],
});
await app.start();

async function round(): Promise<number> {
  let left = messagesPerRound;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await orders.send(body);
    }
  };
  const allConsumed = new Promise<void>((resolve) => {
    onRoundEnd = resolve;
  });
  const start = process.cpuUsage();
  await Promise.all([allConsumed, ...Array.from({ length: Number(values['in-flight']) }, lane)]);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / messagesPerRound;
}

for (let index = 0; index < 5; index += 1) await round();
const figures: number[] = [];
for (let index = 0; index < Number(values.rounds); index += 1) figures.push(await round());
figures.sort((left, right) => left - right);
console.log(`best ${figures[0]?.toFixed(2)} µs, median ${figures[figures.length >> 1]?.toFixed(2)} µs of CPU per message`);
await app.stop();
process.exit(0);
