/** `npm run torture -- mixed --minutes 30` is the long form. */
import { afterEach, expect, test } from 'vitest';
import { CleanUps } from '../support/clean-ups.js';
import { verifies } from '../support/verifies.js';
import { mixedLoad, mixedLoadText } from './mixed-load.js';

const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

test('under mixed load with restarts and rebalances nothing is lost, early or out of order', { timeout: 180_000 }, async () => {
  verifies('mixed-load');
  const report = await mixedLoad({
    directory: await cleanUps.directory('mixed'),
    seed: 20_261_121,
    lifeMs: 6000,
    quietMs: 2500,
    areDuplicatesJudged: true,
    shopPauseMs: 50,
    lanePauseMs: 20,
    timed: { pauseMs: 60, delayMsMax: 6000 },
    restartEveryMs: 1500,
    rebalanceEveryMs: 1500,
    troubles: ['join', 'leave', 'kill', 'stop'],
    // Retries wait for levels 3 and 4, reminders for the first.
    messageDelayLevel: '1s 2s 1s 1s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h',
    delays: [['1s', 1000]],
    floors: {
      kills: 1,
      stops: 1,
      joins: 3,
      leaves: 1,
      acked: 200,
      entries: 15,
      reminders: 20,
      timed: 40,
      'taken back': 1,
      payments: 20,
      retries: 20,
      deadLetters: 1,
    },
  });
  console.log(mixedLoadText(report));
  expect(report.violations).toEqual([]);
});
