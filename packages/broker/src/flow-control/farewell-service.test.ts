import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { FarewellService } from './farewell-service.js';

function farewell(enableShutdownGracefully: boolean, shutdownWaitTimeSeconds = 30) {
  const environment = virtualEnvironment(1);
  const server = {
    connectionCount: 3,
    awayCount: 0,
    sendAway(): void {
      this.awayCount += 1;
    },
  };
  const service = new FarewellService({
    timers: environment.timers,
    config: { enableShutdownGracefully, shutdownWaitTimeSeconds },
    server,
  });
  /** How long the stop takes, in ms. */
  const stop = async (deadlineMs?: number): Promise<number> => {
    const beganMs = environment.clock.monotonic();
    await environment.time.settle(service.stop(deadlineMs === undefined ? undefined : { deadlineMs }));
    return environment.clock.monotonic() - beganMs;
  };
  return { environment, server, stop };
}

test('without the key nobody is sent away', async () => {
  const { server, stop } = farewell(false);
  expect([await stop(60_000), server.awayCount]).toEqual([0, 0]);
});

test.each([
  ['without a deadline, the whole time', 30, undefined, 30_000],
  ['with one that has room for it', 30, 35_000, 30_000],
  ['with one that has not', 30, 34_000, 29_000],
  ['with one that has room for the rest only', 30, 5000, 0],
  ['for no time at all', 0, 60_000, 0],
])('clients are sent away %s', async (_what, seconds, deadlineMs, tookMs) => {
  const { server, stop } = farewell(true, seconds);
  expect([await stop(deadlineMs), server.awayCount]).toEqual([tookMs, 1]);
});

test('it ends when the last one has gone', async () => {
  const { environment, server, stop } = farewell(true);
  environment.timers.setTimeout(() => {
    server.connectionCount = 0;
  }, 1950);
  expect(await stop(60_000)).toBe(2000);
});
