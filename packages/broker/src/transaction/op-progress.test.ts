import { describe, expect, it } from 'vitest';
import { OpProgress } from './op-progress.js';

describe('OpProgress', () => {
  it('stays until a whole block of ops is about halves that are done with', () => {
    const progress = new OpProgress(0);
    for (let op = 0; op < 1024; op += 1) progress.add(op, op);
    expect(progress.advance(1023, 1024)).toBe(0);
    expect(progress.advance(1024, 1023)).toBe(0);
    expect(progress.advance(1024, 1024)).toBe(1024);
  });

  it('passes several blocks, and stops at one that names an open half', () => {
    const progress = new OpProgress(0);
    for (let op = 0; op < 4096; op += 1) progress.add(op, op === 2100 ? 9000 : op);
    expect(progress.advance(5000, 4096)).toBe(2048);
    expect(progress.advance(9001, 4096)).toBe(4096);
  });

  it('never goes back, also when it begins within a block', () => {
    const progress = new OpProgress(1500);
    for (let op = 1500; op < 2048; op += 1) progress.add(op, 10);
    expect(progress.advance(5, 2048)).toBe(1500);
    expect(progress.advance(11, 2048)).toBe(2048);
    progress.add(100, 50);
    expect(progress.advance(60, 2100)).toBe(2048);
  });
});
