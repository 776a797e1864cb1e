import { expect, it } from 'vitest';
import { diskFigures } from './disk-figures.js';

it.each([
  [{ commitLog: 91, consumeQueue: 91 }, 'CL:  0.91 CQ:  0.91 INDEX:  0.91'],
  [{ commitLog: 100, consumeQueue: 7 }, 'CL:  1.00 CQ:  0.07 INDEX:  0.07'],
  [{ commitLog: -1, consumeQueue: 0 }, 'CL: -1.00 CQ:  0.00 INDEX:  0.00'],
])('%j is told as "%s"', (usage, text) => {
  expect(diskFigures(usage)).toBe(text);
});
