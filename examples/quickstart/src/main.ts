/**
 * A small shop on OrbitMQ. `npm start` runs it on the durable broker in this process, in ./data; with
 * `MQ_URL=rocketmq://host:9876 npm start` the same program runs on a cluster, OrbitMQ's or Apache RocketMQ's.
 */
import { randomBytes } from 'node:crypto';
import { isMqError, type MqApp } from 'orbitmq';
import { consumeInOrder, filterByTag, leaveWork, loseDelivery, pay, remindLater, type Tour } from './first-start.js';
import { Journal } from './journal.js';
import { findEverything } from './second-start.js';
import { createShop } from './shop.js';
import { StepFailed, step } from './step.js';

const url = process.env['MQ_URL'] || 'embedded:./data';
const isEmbedded = url.startsWith('embedded:');
const journal = new Journal(randomBytes(3).toString('hex'));
const tour: Tour = { journal, limitMs: isEmbedded ? 20_000 : 60_000, checkLimitMs: isEmbedded ? 20_000 : 150_000 };

async function live(isSecondStart: boolean, work: (app: MqApp) => Promise<void>): Promise<void> {
  const app = await createShop(url, journal, isSecondStart);
  await step(isSecondStart ? 'Second start' : 'First start', tour.limitMs, async () => {
    await app.start();
    return `${url} is ready, durability: ${app.features?.durability}`;
  });
  try {
    await work(app);
  } finally {
    await app.stop({ deadlineMs: 5000 });
  }
}

async function main(): Promise<void> {
  console.log(`OrbitMQ quickstart, run ${journal.run}`);
  await live(false, async (app) => {
    await filterByTag(app, tour);
    await consumeInOrder(app, tour);
    await pay(app, tour);
    await remindLater(app, tour);
    await loseDelivery(app, tour);
    await leaveWork(app, tour);
  });
  if (url === 'embedded:') {
    console.log('\nA broker in memory has nothing to show after its end: no second start.');
    return;
  }
  const entriesBefore = journal.entries.length;
  await live(true, () => findEverything(tour, entriesBefore));
}

function explain(error: unknown): string {
  const cause = error instanceof StepFailed ? error.cause : error;
  const reason = isMqError(cause) ? `${cause.code}: ${cause.message}` : cause instanceof Error ? cause.message : String(cause);
  return error instanceof StepFailed ? `Failed: ${error.message}\n  ${reason}` : `Failed: ${reason}`;
}

try {
  await main();
  console.log(`\nDone in ${(performance.now() / 1000).toFixed(1)} s.`);
} catch (error) {
  console.error(`\n${explain(error)}`);
  // Something may still hold the process, which has nothing more to do.
  process.exit(1);
}
