import { TransportError } from '@orbitmq/core/kernel';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { MemberLists } from './member-lists.js';

type Answer = readonly string[] | 'hangs' | 'fails';

function setUp(
  answers: Readonly<Record<string, Answer>>,
  brokersOf: (topic: string) => readonly string[] = () => Object.keys(answers),
) {
  const { time, ...environment } = virtualEnvironment(1);
  const asked: string[] = [];
  const failed = new TransportError('REQUEST_TIMEOUT', 'planted', { outcome: 'unknown' });
  const lists = new MemberLists({
    environment,
    clientId: 'me',
    brokersOf,
    ask: (address) => {
      asked.push(address);
      const answer = answers[address] ?? 'fails';
      if (answer === 'fails') return Promise.reject(failed);
      if (answer !== 'hangs') return Promise.resolve(answer);
      return new Promise((_resolve, reject) => {
        environment.timers.setTimeout(() => reject(failed), 3000);
      });
    },
    signal: new AbortController().signal,
  });
  const timed = async (topic: string, round = new Map()): Promise<readonly [number, readonly string[] | undefined]> => {
    const begin = time.monotonic();
    const members = await time.settle(lists.of(topic, round));
    return [time.monotonic() - begin, members];
  };
  return { time, lists, asked, timed };
}

test('a list without ourselves does not count: the next broker is asked', async () => {
  const { timed, asked } = setUp({ a: ['other'], b: ['me', 'other'] });
  expect(await timed('t')).toEqual([0, ['me', 'other']]);
  expect(asked).toEqual(['a', 'b']);
  expect(await setUp({ a: ['other'] }).timed('t')).toEqual([0, undefined]);
  expect(await setUp({ a: [] }).timed('t')).toEqual([0, undefined]);
});

test('a broker that hangs costs a short wait when there is another one', async () => {
  const { timed } = setUp({ a: 'hangs', b: ['me'] });
  expect(await timed('t')).toEqual([500, ['me']]);
});

test('a slow broker that is the only one is waited for; after it failed no longer for long', async () => {
  const { timed } = setUp({ a: 'hangs' });
  expect(await timed('t')).toEqual([3000, undefined]);
  expect(await timed('t')).toEqual([500, undefined]);
});

test('at most three brokers are asked, each once in a round', async () => {
  const { timed, asked } = setUp({ a: 'fails', b: 'fails', c: 'fails', d: ['me'] });
  const round = new Map();
  expect(await timed('t', round)).toEqual([0, undefined]);
  expect(await timed('u', round)).toEqual([0, undefined]);
  expect(asked).toEqual(['a', 'b', 'c']);
});

test('nobody is asked who does not know us', async () => {
  const { lists, timed, asked } = setUp({ a: ['me'] }, () => []);
  expect([lists.canAsk('t'), await timed('t'), asked]).toEqual([false, [0, undefined], []]);
});
