import { expect, test } from 'vitest';
import { compose } from './compose.js';

test('the first layer is the outermost, and holes are skipped', () => {
  const layer = (name: string) => (next: (text: string) => string) => (text: string) => `${name}(${next(text)})`;
  expect(compose([layer('a'), undefined, layer('b')], (text: string) => text)('x')).toBe('a(b(x))');
  expect(compose<(text: string) => string>([], (text) => text)('x')).toBe('x');
});
