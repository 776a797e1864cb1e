import { VirtualTime } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { ReadSlots } from './read-slots.js';

const settled = async (): Promise<void> => {
  for (let step = 0; step < 5; step += 1) await Promise.resolve();
};

test('so many at once, the others in order', async () => {
  const slots = new ReadSlots(new VirtualTime(), 2);
  const begun: number[] = [];
  for (let index = 0; index < 5; index += 1) {
    const turn = slots.enter(undefined);
    if (turn === undefined) begun.push(index);
    else void turn.then(() => begun.push(index));
  }
  await settled();
  expect([begun, slots.waitingCount]).toEqual([[0, 1], 3]);
  slots.leave();
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  slots.leave();
  slots.leave();
  await settled();
  expect([begun, slots.waitingCount]).toEqual([[0, 1, 2, 3, 4], 0]);
});

test('a reader without room is passed over, keeps its place, and begins when it has room', async () => {
  const time = new VirtualTime();
  const slots = new ReadSlots(time, 1);
  let hasRoom = false;
  const begun: string[] = [];
  const enter = (name: string, room: (() => boolean) | undefined): void => {
    void (slots.enter(room) ?? Promise.resolve()).then(() => begun.push(name));
  };
  enter('slow', () => hasRoom);
  enter('slow too', () => hasRoom);
  enter('other', undefined);
  await settled();
  expect(begun).toEqual(['other']);
  slots.leave();
  await time.advance(100);
  expect([begun, slots.waitingCount]).toEqual([['other'], 2]);
  hasRoom = true;
  await time.advance(10);
  expect(begun).toEqual(['other', 'slow']);
  slots.leave();
  await settled();
  expect(begun).toEqual(['other', 'slow', 'slow too']);
});

test('nothing is looked at again when nobody waits', async () => {
  const time = new VirtualTime();
  const slots = new ReadSlots(time, 1);
  let looks = 0;
  const turn = slots.enter(() => {
    looks += 1;
    return looks > 3;
  });
  await time.advance(1000);
  await turn;
  const seen = looks;
  await time.advance(1000);
  expect(looks).toBe(seen);
});
