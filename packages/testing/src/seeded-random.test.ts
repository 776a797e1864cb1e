import { expect, test } from 'vitest';
import { SeededRandom } from './seeded-random.js';

function draw(random: SeededRandom, count: number): number[] {
  return Array.from({ length: count }, () => random.next());
}

test('equal seeds give equal sequences, near seeds different ones', () => {
  expect(draw(new SeededRandom(7), 100)).toEqual(draw(new SeededRandom(7), 100));
  expect(draw(new SeededRandom(7), 1)).not.toEqual(draw(new SeededRandom(8), 1));
});

test('the sequence is fixed for ever: a change of the generator would orphan every recorded seed', () => {
  expect(Array.from({ length: 5 }, (_, index) => new SeededRandom(index).int(1_000_000))).toMatchInlineSnapshot(`
    [
      317481,
      102862,
      592896,
      373303,
      140711,
    ]
  `);
});

test('numbers are in range and even', () => {
  const random = new SeededRandom(1);
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let index = 0; index < 100_000; index += 1) {
    const value = random.int(10);
    buckets[value] = (buckets[value] ?? 0) + 1;
  }
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  for (const value of draw(random, 1000)) expect(value >= 0 && value < 1).toBe(true);
});

test('a fork does not depend on what its siblings draw', () => {
  const left = new SeededRandom(5);
  const right = new SeededRandom(5);
  const leftDisk = left.fork('disk');
  const rightDisk = right.fork('disk');
  draw(leftDisk, 50);
  expect(draw(left.fork('network'), 5)).toEqual(draw(right.fork('network'), 5));
  expect(draw(new SeededRandom(5).fork('disk'), 3)).toEqual(draw(rightDisk, 3));
});

test('uuid is a version 4 uuid, bytes have the length asked for', () => {
  const random = new SeededRandom(3);
  expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(random.bytes(33).length).toBe(33);
});
