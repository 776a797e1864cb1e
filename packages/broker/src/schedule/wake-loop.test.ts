import { InvariantError } from '@orbitmq/core/kernel';
import { virtualEnvironment } from '@orbitmq/testing';
import { describe, expect, it } from 'vitest';
import { WakeLoop, type WakeLoopDeps } from './wake-loop.js';

function setup(deps: Partial<WakeLoopDeps> = {}) {
  const environment = virtualEnvironment(1);
  const { time } = environment;
  /** When a step was done, and how many pieces there were. */
  const steps: string[] = [];
  const work = { pieces: 0 };
  const step = async (): Promise<boolean> => {
    steps.push(`${time.monotonic()}:${work.pieces}`);
    if (work.pieces === 0) return false;
    work.pieces -= 1;
    return true;
  };
  const loop: WakeLoop = new WakeLoop({ environment, step, onError: () => loop.sleep(100), ...deps });
  return { environment, time, loop, steps, work };
}

describe('a wake', () => {
  it('does all that is there, and then one look more', async () => {
    const { loop, steps, time, work } = setup();
    work.pieces = 2;
    loop.wake();
    expect(loop.isRunning).toBe(true);
    await time.advance(1);
    expect(steps).toEqual(['0:2', '0:1', '0:0']);
    expect(loop.isRunning).toBe(false);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('is not lost when it comes %i microtasks after the last look', async (count) => {
    const { loop, time, work } = setup();
    loop.wake();
    for (let passed = 0; passed < count; passed += 1) await Promise.resolve();
    work.pieces = 1;
    loop.wake();
    await time.advance(1);
    expect(work.pieces).toBe(0);
  });

  it('ends no pause that is as short as it wants, and ends a longer one', async () => {
    const { loop, steps, time } = setup();
    loop.sleep(100);
    loop.wake();
    loop.wake(() => 100);
    await time.advance(10);
    expect(steps).toEqual([]);
    loop.wake(() => 99);
    await time.advance(200);
    expect(steps).toEqual(['10:0']);
  });
});

it('a pause that a step asks for ends with a wake, also when it was woken meanwhile', async () => {
  const { loop, steps, time } = setup({
    step: async () => {
      steps.push(`${time.monotonic()}`);
      if (steps.length > 1) return false;
      loop.sleep(50);
      loop.wake();
      return false;
    },
  });
  loop.wake();
  await time.advance(49);
  expect(steps).toEqual(['0']);
  expect(loop.isSleeping).toBe(true);
  await time.advance(1);
  expect(steps).toEqual(['0', '50']);
  await loop.stop();
});

it('a pause takes the place of the one before', async () => {
  const { loop, steps, time } = setup();
  loop.sleep(50);
  loop.sleep(20);
  await time.advance(100);
  expect(steps).toEqual(['20:0']);
});

it('what is done at the end of a pause may be something else', async () => {
  const { loop, steps, time } = setup();
  const ends: number[] = [];
  loop.sleep(50, () => ends.push(time.monotonic()));
  await time.advance(60);
  expect([ends, steps]).toEqual([[50], []]);
});

it('a rest begins when nothing is left and no pause was asked for', async () => {
  const rests: number[] = [];
  const { loop, time, work } = setup({ onRest: () => rests.push(work.pieces) });
  work.pieces = 3;
  loop.wake();
  await time.advance(1);
  expect(rests).toEqual([0]);
});

it('a pause that a step asks for is no rest', async () => {
  const rests: string[] = [];
  const { loop, time } = setup({
    step: async () => {
      loop.sleep(50);
      return false;
    },
    onRest: () => rests.push('rest'),
  });
  loop.wake();
  await time.advance(10);
  expect([rests, loop.isSleeping]).toEqual([[], true]);
  await loop.stop();
});

it('an error is told, and what is asked for then is a pause', async () => {
  let failures = 2;
  const { loop, time } = setup({
    step: async () => {
      failures -= 1;
      if (failures >= 0) throw new Error('broken');
      return false;
    },
  });
  loop.wake();
  await time.advance(150);
  expect(failures).toBe(0);
  await time.advance(50);
  expect(failures).toBe(-1);
});

it('a stop waits for the step that is under way, and nothing comes after it', async () => {
  const { loop, steps, time, work } = setup();
  work.pieces = 5;
  loop.wake();
  await loop.stop();
  expect(steps).toHaveLength(1);
  loop.wake();
  loop.sleep(1);
  await time.advance(10);
  expect(steps).toHaveLength(1);
  expect([loop.isStopped, loop.isSleeping]).toEqual([true, false]);
});

it('a stop ends a pause', async () => {
  const { loop, steps, time } = setup();
  loop.sleep(10);
  await loop.stop();
  await time.advance(20);
  expect(steps).toEqual([]);
});

it('a broken invariant is nobody’s to handle', async () => {
  const told: unknown[] = [];
  const { loop } = setup({
    step: () => Promise.reject(new InvariantError('broken')),
    onError: (error) => told.push(error),
  });
  loop.wake();
  await expect(loop.stop()).rejects.toBeInstanceOf(InvariantError);
  expect(told).toEqual([]);
});
