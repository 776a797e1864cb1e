import { expect, test } from 'vitest';
import { completeLogger } from './complete-logger.js';
import { silentLogger } from './logger.js';

test('a logger with child stays as it is', () => {
  expect(completeLogger(silentLogger)).toBe(silentLogger);
});

test('one without child gets one, which adds its fields to each record', () => {
  const records: unknown[] = [];
  const keep =
    (level: string) =>
    (message: string, fields?: object): void =>
      void records.push([level, message, fields]);
  const plain = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
  const child = completeLogger(plain).child({ group: 'g' }).child({ queue: 1 });
  child.warn('slow', { ms: 5 });
  child.debug('x');
  expect(records).toEqual([
    ['warn', 'slow', { group: 'g', queue: 1, ms: 5 }],
    ['debug', 'x', { group: 'g', queue: 1 }],
  ]);
});

test('console is one', () => {
  expect(typeof completeLogger(console).child).toBe('function');
});

test('what lacks a level is refused, by name', () => {
  const half = { info() {}, error() {} } as never;
  expect(() => completeLogger(half)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', details: { missing: ['debug', 'warn'] } }),
  );
});
