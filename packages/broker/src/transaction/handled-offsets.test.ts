import { SeededRandom } from '@orbitmq/testing';
import { describe, expect, it } from 'vitest';
import { HandledOffsets } from './handled-offsets.js';

describe('HandledOffsets', () => {
  it('begins where it is told: everything below is handled', () => {
    const handled = new HandledOffsets(100);
    expect(handled.base).toBe(100);
    expect(handled.has(99)).toBe(true);
    expect(handled.has(100)).toBe(false);
    handled.add(7);
    expect(handled.base).toBe(100);
  });

  it('moves its base over what is handled', () => {
    const handled = new HandledOffsets(0);
    handled.add(1);
    handled.add(2);
    expect(handled.base).toBe(0);
    handled.add(0);
    expect(handled.base).toBe(3);
  });

  it('finds the next open offset over full words and chunks', () => {
    const handled = new HandledOffsets(0);
    for (let offset = 1; offset < 70_000; offset += 1) handled.add(offset);
    expect(handled.nextOpen(0)).toBe(0);
    expect(handled.nextOpen(1)).toBe(70_000);
    handled.add(0);
    expect(handled.base).toBe(70_000);
    expect(handled.nextOpen(0)).toBe(70_000);
  });

  it('agrees with a set, around chunk borders and beyond 32 bits', () => {
    for (const start of [0, 32_700, 2 ** 32 - 50]) {
      const random = new SeededRandom(7);
      const handled = new HandledOffsets(start);
      const model = new Set<number>();
      for (let step = 0; step < 300; step += 1) {
        const offset = start + random.int(200);
        handled.add(offset);
        model.add(offset);
        let base = start;
        while (model.has(base)) base += 1;
        expect(handled.base).toBe(base);
      }
      for (let offset = start; offset < start + 210; offset += 1) expect(handled.has(offset)).toBe(model.has(offset));
    }
  });
});
