import { VirtualTime } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { TurnFlusher } from './turn-flusher.js';

test('everything of a turn is flushed once, after all promise chains', async () => {
  const time = new VirtualTime();
  const flusher = new TurnFlusher(time);
  const log: string[] = [];
  flusher.add({ flush: () => log.push('flush a') });
  const chain = async (): Promise<void> => {
    for (let step = 0; step < 100; step += 1) await Promise.resolve();
    log.push('chain');
    flusher.add({ flush: () => log.push('flush b') });
  };
  void chain();
  await time.advance(0);
  expect(log).toEqual(['chain', 'flush a', 'flush b']);
  expect(time.firedCount).toBe(1);
});

test('what a flush adds is flushed in the next turn', async () => {
  const time = new VirtualTime();
  const flusher = new TurnFlusher(time);
  const log: string[] = [];
  flusher.add({
    flush: () => {
      log.push('first');
      flusher.add({ flush: () => log.push('second') });
    },
  });
  await time.advance(0);
  expect(log).toEqual(['first', 'second']);
  expect(time.firedCount).toBe(2);
});
