import { expect, test } from 'vitest';
import { SegmentList } from './segment-list.js';
import { parseSegmentName, segmentName } from './segment-name.js';

test('names have 20 digits and only such names are offsets', () => {
  expect(segmentName(1_073_741_824)).toBe('00000000001073741824');
  expect(parseSegmentName('00000000001073741824')).toBe(1_073_741_824);
  for (const name of ['', '1073741824', '0000000000107374182x', '00000000001073741824.tmp', '99999999999999999999']) {
    expect(parseSegmentName(name)).toBeUndefined();
  }
});

test('a family that begins somewhere finds the file of an offset', () => {
  const list = new SegmentList('/log', 100);
  list.add(250);
  list.add(350);
  expect([list.firstOffset, list.endOffset, list.count]).toEqual([250, 450, 2]);
  expect([list.startOf(250), list.startOf(349), list.startOf(350), list.startOf(450)]).toEqual([250, 250, 350, 450]);
  expect([list.has(249), list.has(250), list.has(449), list.has(450)]).toEqual([false, true, true, false]);
  expect(list.pathOf(350)).toBe('/log/00000000000000000350');
  expect(() => list.add(550)).toThrow();
});

test('removing the end keeps the file that holds it', () => {
  const list = new SegmentList('/log', 100);
  for (const start of [0, 100, 200]) list.add(start);
  expect(list.removeFrom(101)).toEqual([200]);
  expect([list.endOffset, list.isEmpty]).toEqual([200, false]);
  expect(list.removeFrom(0)).toEqual([0, 100]);
  expect([list.isEmpty, list.firstOffset]).toEqual([true, 0]);
});
