/** One application process of `end-to-end.ts`: sends, consumes, or both, through the public API; prints one JSON line. */
import { bytesCodec, consume, createMqApp, defineTopic, jsonCodec, producer } from 'orbitmq';

export interface ShopLoadOptions {
  readonly url: string;
  readonly topic: string;
  readonly send: boolean;
  readonly consume: boolean;
  readonly inFlight: number;
  readonly bodyBytes: number;
  readonly codec: 'bytes' | 'json';
  readonly seconds: number;
}

export interface ShopLoadResult {
  readonly sent: number;
  readonly consumed: number;
  /** Consumed per second between the first and the last message. */
  readonly perSecond: number;
  /** CPU of this process per message consumed, microseconds. */
  readonly cpuMicros: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as ShopLoadOptions;
const topic = defineTopic<unknown>(options.topic, { codec: options.codec === 'bytes' ? bytesCodec : jsonCodec });
const body: unknown =
  options.codec === 'bytes' ? Buffer.alloc(options.bodyBytes, 0x61) : { text: 'a'.repeat(options.bodyBytes - 11) };
let consumed = 0;
let firstAt = 0;
let lastAt = 0;
const orders = producer(topic, { group: 'bench-producers' });
const reader = consume(topic, { group: 'bench-consumers', consumeFrom: 'last', concurrency: 64 }, async () => {
  lastAt = performance.now();
  if (consumed === 0) firstAt = lastAt;
  consumed += 1;
});
const app = await createMqApp({
  url: options.url,
  providers: [...(options.send ? [orders] : []), ...(options.consume ? [reader] : [])],
});
await app.start();
process.stdout.write('ready\n');

const cpuStart = process.cpuUsage();
const deadline = performance.now() + options.seconds * 1000;
let sent = 0;
const lane = async (): Promise<void> => {
  while (performance.now() < deadline) {
    await orders.send(body);
    sent += 1;
  }
};
if (options.send) await Promise.all(Array.from({ length: options.inFlight }, lane));
else await new Promise((resolve) => setTimeout(resolve, options.seconds * 1000));
const drained = performance.now() + 5000;
while (options.send && options.consume && consumed < sent && performance.now() < drained)
  await new Promise((resolve) => setTimeout(resolve, 10));
const cpu = process.cpuUsage(cpuStart);
const result: ShopLoadResult = {
  sent,
  consumed,
  perSecond: consumed / Math.max(0.001, (lastAt - firstAt) / 1000),
  cpuMicros: (cpu.user + cpu.system) / Math.max(1, consumed),
};
await app.stop();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
