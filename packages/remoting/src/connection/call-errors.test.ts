import { expect, test } from 'vitest';
import { connectionClosed, requestTimeout, tooManyRequests } from './call-errors.js';

test('a remaining time is told in whole milliseconds', () => {
  expect(requestTimeout('a:1', 310, 183.107_545_999, 'unknown').message).toBe('a:1 did not answer request 310 within 183 ms');
});

test('messages can stand inside a sentence of their caller: no full stop at the end', () => {
  const errors = [
    requestTimeout('a:1', undefined, 5, 'not-sent'),
    connectionClosed('a:1', 10, 'unknown', undefined),
    tooManyRequests('a:1', '5 wait', 5),
  ];
  for (const { message } of errors) expect(message).not.toMatch(/\.$/);
});
