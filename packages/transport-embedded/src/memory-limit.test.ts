import { totalmem } from 'node:os';
import { parseMqUrl } from '@orbitmq/core';
import { expect, test } from 'vitest';
import { memoryLimit } from './memory-limit.js';

const memory = { kind: 'memory' } as const;
const directory = { kind: 'directory', path: '/data' } as const;
const minimum = 64 * 1024 * 1024;

test('a quarter of the memory, unless the URL or the option says otherwise', () => {
  const byDefault = memoryLimit(parseMqUrl('embedded:'), memory, undefined) ?? 0;
  expect(byDefault).toBeGreaterThanOrEqual(minimum);
  expect(byDefault).toBeLessThanOrEqual(Math.max(minimum, totalmem() / 4));
  const url = parseMqUrl(`embedded:?memoryBytesMax=${minimum + 1}`);
  expect(memoryLimit(url, memory, undefined)).toBe(minimum + 1);
  expect(memoryLimit(url, memory, minimum + 2)).toBe(minimum + 2);
});

test.each(['1', '0', '-1', 'x', '', '1e30', '70000000.5'])('memoryBytesMax=%s is refused', (value) => {
  const url = parseMqUrl(`embedded:?memoryBytesMax=${value}`);
  expect(() => memoryLimit(url, memory, undefined)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test('a directory is bounded by its disk', () => {
  expect(memoryLimit(parseMqUrl('embedded:/data'), directory, undefined)).toBeUndefined();
  expect(() => memoryLimit(parseMqUrl('embedded:/data'), directory, minimum)).toThrow(/bounded by its disk/);
  expect(() => memoryLimit(parseMqUrl('embedded:/data?memoryBytesMax=99999999'), directory, undefined)).toThrow(
    /bounded by its disk/,
  );
});
