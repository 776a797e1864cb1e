import { expect, test } from 'vitest';
import { parseTagExpression } from '../tag-filter.js';
import { defineTopic } from '../topic/define-topic.js';
import { isAmbiguous, Router } from './router.js';

const route = (topic: string, tags?: string) => ({
  topic: defineTopic(topic),
  filter: parseTagExpression(tags),
  name: `${topic} ${tags ?? '*'}`,
});

test('a route that names the tag goes before the one for everything', () => {
  const router = new Router([route('orders'), route('orders', 'placed || paid'), route('refunds', 'made')]);
  expect(router.find('orders', 'paid')?.name).toBe('orders placed || paid');
  expect(router.find('orders', 'shipped')?.name).toBe('orders *');
  expect(router.find('orders', undefined)?.name).toBe('orders *');
  expect(router.find('refunds', 'lost')).toBeUndefined();
  expect(router.find('other', 'made')).toBeUndefined();
});

test('the group subscribes to what its routes take together', () => {
  const router = new Router([route('orders', 'b'), route('orders', 'a'), route('refunds')]);
  expect(router.subscriptions).toEqual([
    { topic: 'orders', filter: { kind: 'tags', tags: ['a', 'b'] } },
    { topic: 'refunds', filter: { kind: 'all' } },
  ]);
});

test('two routes are ambiguous when neither is the more specific one', () => {
  expect(isAmbiguous(route('a', 'x || y'), route('a', 'y || z'))).toBe(true);
  expect(isAmbiguous(route('a'), route('a'))).toBe(true);
  expect(isAmbiguous(route('a', 'x'), route('a', 'y'))).toBe(false);
  expect(isAmbiguous(route('a', 'x'), route('a'))).toBe(false);
  expect(isAmbiguous(route('a'), route('b'))).toBe(false);
});
