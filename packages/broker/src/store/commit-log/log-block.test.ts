import { expect, test } from 'vitest';
import { LogBlock } from './log-block.js';
import { MemoryPool } from './memory-pool.js';

function blockOf(pool: MemoryPool): LogBlock {
  const memory = pool.take();
  return new LogBlock(0, memory.subarray(0, 10), memory, pool);
}

test('memory is used again when the block was dropped and all that was lent came back, whichever is last', () => {
  const pool = new MemoryPool(100, 4);
  const block = blockOf(pool);
  block.lend(2);
  block.giveBack();
  block.drop();
  expect(pool.spareCount).toBe(0);
  block.giveBack();
  expect(pool.spareCount).toBe(1);
  const other = blockOf(pool);
  other.lend();
  other.giveBack();
  expect(pool.spareCount).toBe(0);
  other.drop();
  expect(pool.spareCount).toBe(1);
});

test('what was not lent does not come back, and a block is dropped once: else two would write into one memory', () => {
  const block = blockOf(new MemoryPool(100, 4));
  expect(() => block.giveBack()).toThrow('only what was lent comes back');
  block.drop();
  expect(() => block.drop()).toThrow('a block is dropped once');
});

test('a pool keeps so many pieces, of its own size only', () => {
  const pool = new MemoryPool(100, 2);
  const pieces = [pool.take(), pool.take(), pool.take()];
  for (const piece of [...pieces, Buffer.alloc(50)]) pool.put(piece);
  expect(pool.spareCount).toBe(2);
  expect(pool.take()).toBe(pieces[1]);
});
