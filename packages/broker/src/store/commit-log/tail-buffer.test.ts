import { expect, test } from 'vitest';
import { TailBuffer } from './tail-buffer.js';

const limits = { tailChunkBytes: 100, tailBytesMax: 300 };

function add(tail: TailBuffer, physicalOffset: number, sizeBytes: number): void {
  const chunk = tail.room(physicalOffset, sizeBytes);
  chunk.bytes.fill(physicalOffset % 251, chunk.usedBytes, chunk.usedBytes + sizeBytes);
  chunk.usedBytes += sizeBytes;
}

test('records are found whole, in the chunk where they were put', () => {
  const tail = new TailBuffer(limits);
  add(tail, 0, 60);
  add(tail, 60, 40);
  add(tail, 100, 70);
  const found = tail.find(60, 40);
  expect(found?.bytes.subarray(60 - found.physicalStart, 100 - found.physicalStart).every((byte) => byte === 60)).toBe(true);
  expect(tail.find(60, 41)).toBeUndefined();
  expect(tail.find(170, 1)).toBeUndefined();
  expect(tail.find(100, 70)?.physicalStart).toBe(100);
});

test('a record larger than a chunk gets one of its own; a roll of the log begins a new one', () => {
  const tail = new TailBuffer(limits);
  add(tail, 0, 10);
  add(tail, 10, 500);
  add(tail, 1000, 10);
  expect(tail.find(10, 500)?.bytes.length).toBe(500);
  expect(tail.find(1000, 10)?.physicalStart).toBe(1000);
  expect(tail.find(600, 1)).toBeUndefined();
});

test('memory stays at its bound, and nothing that is not durable is dropped', () => {
  const tail = new TailBuffer(limits);
  for (let offset = 0; offset < 1000; offset += 100) add(tail, offset, 100);
  tail.trim(200);
  expect([tail.sizeBytes, tail.find(100, 100), tail.find(200, 100)?.physicalStart]).toEqual([800, undefined, 200]);
  tail.trim(1000);
  expect([tail.sizeBytes, tail.find(600, 100), tail.find(700, 100)?.physicalStart]).toEqual([300, undefined, 700]);
});

test('a chunk of which something is lent is not used again before that comes back', () => {
  const tail = new TailBuffer(limits);
  add(tail, 0, 100);
  const lent = tail.find(0, 100);
  lent?.lend();
  add(tail, 100, 100);
  const other = tail.room(200, 100).bytes;
  for (let offset = 200; offset < 2000; offset += 100) {
    add(tail, offset, 100);
    tail.trim(offset + 100);
  }
  expect(lent?.bytes.every((byte) => byte === 0)).toBe(true);
  expect(other[0]).not.toBe(200);
  lent?.giveBack();
  add(tail, 2000, 100);
  expect(lent?.bytes[0]).toBe(2000 % 251);
});
