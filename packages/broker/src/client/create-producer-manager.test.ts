import { VirtualTime } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { RecordingConnection } from '../test-support/recording-connection.js';
import { createProducerManager } from './create-producer-manager.js';

function setup() {
  const time = new VirtualTime();
  const producers = createProducerManager({ clock: time, channelExpiredTimeoutMs: 120_000, groupsPerConnectionMax: 2 });
  const join = (clientId: string, connection = new RecordingConnection(), group = 'g') => {
    producers.register(group, clientId, connection);
    return connection;
  };
  return { time, producers, join };
}

test('the members of a group are picked in turn', () => {
  const { producers, join } = setup();
  expect(producers.pickChannel('g')).toBeUndefined();
  const [a, b, c] = [join('a'), join('b'), join('c')];
  const picked = [1, 2, 3, 4].map(() => producers.pickChannel('g'));
  expect(picked).toEqual([a, b, c, a]);
  b.close();
  expect([1, 2, 3].map(() => producers.pickChannel('g'))).toEqual([c, a, c]);
});

test('a member leaves by request, by closing, and by silence', async () => {
  const { time, producers, join } = setup();
  const a = join('a');
  producers.unregister('g', 'other', a);
  expect(producers.pickChannel('g')).toBe(a);
  producers.unregister('g', 'a', a);
  expect(producers.pickChannel('g')).toBeUndefined();
  join('b').close();
  expect(producers.pickChannel('g')).toBeUndefined();
  const c = join('c');
  await time.advance(120_000);
  producers.expire();
  expect(producers.pickChannel('g')).toBe(c);
  await time.advance(1);
  producers.expire();
  expect(producers.pickChannel('g')).toBeUndefined();
  expect(c.isOpen).toBe(false);
});

test('one connection registers so many groups and no more', () => {
  const { producers, join } = setup();
  const a = join('a', undefined, 'g1');
  join('a', a, 'g2');
  join('a', a, 'g3');
  expect([producers.pickChannel('g2'), producers.pickChannel('g3')]).toEqual([a, undefined]);
});

test('a client id is found while one of its connections has a producer', () => {
  const { producers, join } = setup();
  expect(producers.connectionOf('a')).toBeUndefined();
  const first = join('a', undefined, 'g1');
  join('a', first, 'g2');
  expect(producers.connectionOf('a')).toBe(first);
  producers.unregister('g1', 'a', first);
  expect(producers.connectionOf('a')).toBe(first);
  producers.unregister('g2', 'a', first);
  expect(producers.connectionOf('a')).toBeUndefined();
});

test('of several connections of a client id the last one is found, and the one before it when that closes', () => {
  const { producers, join } = setup();
  const first = join('a');
  const second = join('a');
  join('a', first);
  expect(producers.connectionOf('a')).toBe(second);
  second.close();
  expect(producers.connectionOf('a')).toBe(first);
  first.close();
  expect(producers.connectionOf('a')).toBeUndefined();
});

test('a connection that changes its client id is found under the new one only', () => {
  const { producers, join } = setup();
  const connection = join('before');
  join('after', connection);
  expect([producers.connectionOf('before'), producers.connectionOf('after')]).toEqual([undefined, connection]);
});

test('a silent client is not found any more', async () => {
  const { time, producers, join } = setup();
  join('a');
  await time.advance(120_001);
  producers.expire();
  expect(producers.connectionOf('a')).toBeUndefined();
});
