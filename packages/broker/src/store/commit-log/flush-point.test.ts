import { expect, test } from 'vitest';
import { FlushPoint } from './flush-point.js';

function setup() {
  const log = { appendedEnd: 0, visibleEnd: 0, flushedEnd: 0 };
  const point = new FlushPoint({
    appendedEnd: () => log.appendedEnd,
    visibleEnd: () => log.visibleEnd,
    flush: async () => {
      log.flushedEnd = log.visibleEnd;
    },
  });
  const publish = (end: number): void => {
    log.visibleEnd = end;
    point.published();
  };
  const outcomes: string[] = [];
  const ask = (name: string): void => {
    point.reached().then(
      () => outcomes.push(name),
      (error: Error) => outcomes.push(`${name}: ${error.message}`),
    );
  };
  /** Lets promises settle. */
  const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  return { log, point, publish, ask, outcomes, settle };
}

test('a log that is written is only flushed', async () => {
  const { log, ask, outcomes, settle } = setup();
  log.appendedEnd = 10;
  log.visibleEnd = 10;
  ask('a');
  await settle();
  expect([outcomes, log.flushedEnd]).toEqual([['a'], 10]);
});

test('the end is that of the moment of asking, and whoever asks meanwhile waits for a later one', async () => {
  const { log, publish, ask, outcomes, settle } = setup();
  log.appendedEnd = 10;
  ask('a');
  log.appendedEnd = 20;
  ask('b');
  ask('c');
  publish(9);
  await settle();
  expect(outcomes).toEqual([]);
  publish(10);
  await settle();
  expect(outcomes).toEqual(['a']);
  publish(20);
  await settle();
  expect(outcomes).toEqual(['a', 'b', 'c']);
});

test('a store that failed ends all waits, and those that come later', async () => {
  const { log, point, ask, outcomes, settle } = setup();
  log.appendedEnd = 10;
  ask('a');
  ask('b');
  point.fail(new Error('EIO'));
  point.fail(new Error('stopped'));
  await settle();
  ask('c');
  await settle();
  expect(outcomes).toEqual(['a: EIO', 'b: EIO', 'c: EIO']);
});
