import { silentLogger } from '@orbitmq/core/kernel';
import { expect, test } from 'vitest';
import { HeldOutput } from './held-output.js';

class Holder {
  readonly remoteAddress = '192.0.2.1:1';
  isCut = false;

  destroy(): void {
    this.isCut = true;
  }
}

const blockBytes = 1000;
const block = (): ArrayBuffer => new ArrayBuffer(blockBytes);
const slice = (of: ArrayBuffer, at = 0): Buffer => Buffer.from(of, at, 10);

test('a slice counts as its block, and a block once, whoever keeps it', () => {
  const held = new HeldOutput(10 * blockBytes, silentLogger);
  const [a, b] = [new Holder(), new Holder()];
  const [shared, own] = [block(), block()];
  held.hold(a, [slice(shared), slice(shared, 20), slice(own)], 0);
  held.hold(b, [slice(shared, 40)], 0);
  expect(held.sizeBytes).toBe(2 * blockBytes);
  held.release(a);
  expect(held.sizeBytes).toBe(blockBytes);
  held.release(a);
  held.release(b);
  expect(held.sizeBytes).toBe(0);
});

test('at the limit nobody is cut; beyond it who took nothing for longest is, and as many as it takes', () => {
  const held = new HeldOutput(4 * blockBytes, silentLogger);
  const holders = Array.from({ length: 4 }, () => new Holder());
  const [first] = holders as [Holder];
  for (const holder of holders) held.hold(holder, [slice(block())], 0);
  held.taken(first, 10);
  held.hold(first, [slice(block())], 10);
  expect([held.sizeBytes, holders.map(({ isCut }) => isCut)]).toEqual([4 * blockBytes, [false, false, false, false]]);
  const last = new Holder();
  held.hold(last, [slice(block()), slice(block())], 0);
  expect([held.sizeBytes, holders.map(({ isCut }) => isCut)]).toEqual([4 * blockBytes, [false, true, true, false]]);
  expect(last.isCut).toBe(false);
});

test('one that is beyond the limit by itself is cut', () => {
  const held = new HeldOutput(blockBytes, silentLogger);
  const holder = new Holder();
  held.hold(holder, [slice(block()), slice(block())], 0);
  expect([holder.isCut, held.sizeBytes]).toEqual([true, 0]);
  held.taken(holder, 20);
  held.release(holder);
  expect(held.sizeBytes).toBe(0);
});

test('what was taken counts no more, though the connection never takes all', () => {
  const held = new HeldOutput(3 * blockBytes, silentLogger);
  const holder = new Holder();
  const again = block();
  for (let count = 0; count < 100; count += 1) {
    held.hold(holder, [slice(block()), slice(again)], count * 20);
    held.taken(holder, count * 20 + 10);
    expect(held.sizeBytes).toBe(blockBytes);
  }
  expect(holder.isCut).toBe(false);
});
