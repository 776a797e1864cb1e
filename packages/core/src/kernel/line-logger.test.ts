import { expect, test } from 'vitest';
import { createLineLogger } from './line-logger.js';

function logger(level: 'debug' | 'info' | 'warn' | 'error'): { lines: string[]; log: ReturnType<typeof createLineLogger> } {
  const lines: string[] = [];
  const log = createLineLogger({ clock: { now: () => 0, monotonic: () => 0 }, level, write: (line) => lines.push(line) });
  return { lines, log };
}

test('a record is one line with its fields and those of its parents', () => {
  const { lines, log } = logger('debug');
  log.child({ group: 'billing' }).info('started', { queueCount: 4, note: 'two words', missing: undefined });
  expect(lines).toEqual(['1970-01-01T00:00:00.000Z INFO  started group=billing queueCount=4 note="two words"']);
});

test('less important records are dropped', () => {
  const { lines, log } = logger('warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(lines.map((line) => line.slice(25))).toEqual(['WARN  c', 'ERROR d']);
});

test('an error comes with its stack and cause', () => {
  const { lines, log } = logger('error');
  log.error('failed', { error: new Error('outer', { cause: new Error('inner') }) });
  expect(lines[0]).toMatch(/error=Error: outer[\s\S]*line-logger\.test[\s\S]*inner/);
});
