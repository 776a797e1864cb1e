/**
 * An application of a user, run as a process of its own. Arguments: URL, how many numbers to send, the first number whose
 * handler never ends, milliseconds a handler takes. It says on its standard output what it does: `sent n`, `begin n`,
 * `end n`; at SIGTERM it stops in order, says `stopped` and ends.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { consume, createMqApp, defineTopic, producer } from 'orbitmq';

const [url = '', sendCount = '0', firstEndless = 'Infinity', handlerMs = '0'] = process.argv.slice(2);
const Numbers = defineTopic<number>('numbers');

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

const numbers = producer(Numbers, { group: 'writers' });
const settings = { group: 'readers', consumeFrom: 'first' as const, concurrency: 1000 };
const app = await createMqApp({
  url,
  providers: [
    numbers,
    consume(Numbers, settings, async ({ body }) => {
      say(`begin ${body}`);
      await sleep(body >= Number(firstEndless) ? 2 ** 31 - 1 : Number(handlerMs));
      say(`end ${body}`);
    }),
  ],
});
process.once('SIGTERM', () => {
  void app.stop({ deadlineMs: 20_000 }).then(() => {
    say('stopped');
    process.exit(0);
  });
});
await app.start();
say('ready');
for (let number = 0; number < Number(sendCount); number += 1) {
  await numbers.send(number);
  say(`sent ${number}`);
}
