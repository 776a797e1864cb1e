import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { tableBytesMax } from './table-answer.js';
import { TableWalk } from './table-walk.js';

test('is full with one character more than a frame holds, commas counted', () => {
  const walk = new TableWalk(virtualEnvironment(1).timers);
  walk.keep('x'.repeat(tableBytesMax - 3));
  walk.keep('y');
  expect(walk.isFull).toBe(false);
  walk.keep('');
  expect(walk.isFull).toBe(true);
});
