import { expect, test } from 'vitest';
import { allFeatures } from '../test-support/fake-transport.js';
import { defineTopic } from '../topic/define-topic.js';
import { featureProblems } from './check-features.js';
import { wiringProblems } from './check-wiring.js';
import type { Component, ConsumerComponent, ProducerComponent, RouteRecord, TransactionComponent } from './component.js';
import { consumerNumbers } from './consumer-options.js';
import { withDefaults } from './numbers.js';

const Orders = defineTopic('orders');
const Refunds = defineTopic('refunds');
const resolve = (): object => ({});

function producer(name: string, more: Partial<ProducerComponent> = {}): ProducerComponent {
  return { kind: 'producer', name, identity: { name }, topic: Orders, options: { group: 'shop' }, resolve, ...more };
}

function consumer(name: string, more: Partial<ConsumerComponent> = {}): ConsumerComponent {
  return { kind: 'consumer', name, routes: [route()], options: { group: name.toLowerCase() }, resolve, ...more };
}

function route(tags?: string, topic = Orders, method = 'onMessage'): RouteRecord {
  return { topic, tags, method };
}

function listener(name: string, of: ProducerComponent): TransactionComponent {
  return { kind: 'transaction', name, producer: of.identity, producerName: of.name, resolve };
}

test('a sound wiring has no problems', () => {
  const shop = producer('Shop', { options: { group: 'shop', transactional: true } });
  const refunds = producer('RefundProducer', { topic: Refunds });
  const mails = consumer('Mails', { routes: [route('a', Orders, 'one'), route('b', Orders, 'two'), route('*', Orders, 'rest')] });
  expect(wiringProblems([shop, refunds, listener('Transactions', shop), consumer('Billing'), mails])).toEqual([]);
});

const one = producer('One');
const cases: readonly [string, readonly Component[], readonly (string | RegExp)[]][] = [
  ['a bad topic name', [producer('P', { topic: defineTopic('a b') })], [/^P: topic 'a b' has a character/]],
  ["a broker's topic", [producer('P', { topic: defineTopic('SCHEDULE_TOPIC_XXXX') })], [/broker's own/]],
  ['a bad producer group', [producer('P', { options: { group: '' } })], ["P: group '' is empty"]],
  ['a bad consumer group', [consumer('C', { options: { group: 'a b' } })], [/^C: group 'a b'/]],
  [
    'a number out of bounds',
    [producer('P', { options: { group: 'g', sendTimeoutMs: 0 } })],
    [/^P: sendTimeoutMs is 0, not an integer from 1/],
  ],
  [
    'a consumer number out of bounds',
    [consumer('C', { options: { group: 'c', concurrency: 1001 } })],
    [/^C: concurrency is 1001/],
  ],
  [
    'a misspelled producer option',
    [producer('P', { options: { group: 'g', sendTimeoutMS: 5 } as never })],
    ["P: there is no option 'sendTimeoutMS': did you mean 'sendTimeoutMs'?"],
  ],
  [
    'a misspelled consumer option',
    [consumer('C', { options: { group: 'c', concurency: 5, tag: 'a' } as never })],
    ["C: there is no option 'concurency': did you mean 'concurrency'?", "C: there is no option 'tag': did you mean 'tags'?"],
  ],
  [
    'a misspelled option of a batch',
    [consumer('C', { options: { group: 'c', batch: { size: 2, wait: 5 } as never } })],
    ["C: batch: there is no option 'wait': did you mean 'waitMs'?"],
  ],
  ['a fraction', [consumer('C', { options: { group: 'c', pullBatchSize: 1.5 } })], [/^C: pullBatchSize is 1.5/]],
  [
    'a bad batch',
    [consumer('C', { options: { group: 'c', batch: { size: 0, waitMs: -1 } } })],
    [/batch\.size is 0/, /batch\.waitMs is -1/],
  ],
  [
    'a batch for methods',
    [consumer('C', { options: { group: 'c', batch: { size: 2 } }, routes: [route('a', Orders, 'one')] })],
    [/batch needs one onMessage/],
  ],
  ['a batch that is none', [consumer('C', { options: { group: 'c', batch: 5 as never } })], [/^C: batch is no \{ size \}/]],
  ['a batch without size', [consumer('C', { options: { group: 'c', batch: {} as never } })], [/^C: batch is no \{ size \}/]],
  [
    'no such beginning',
    [consumer('C', { options: { group: 'c', consumeFrom: 'middle' as never } })],
    [/^C: consumeFrom is neither/],
  ],
  [
    'no time',
    [consumer('C', { options: { group: 'c', consumeFrom: { timestamp: Number.NaN } } })],
    [/^C: consumeFrom is neither/],
  ],
  [
    'a date as time',
    [consumer('C', { options: { group: 'c', consumeFrom: { timestamp: new Date(0) as never } } })],
    [/^C: consumeFrom is neither/],
  ],
  [
    'a retry delay of an orderly consumer',
    [consumer('C', { options: { group: 'c', orderly: true, retryDelay: '1s' } })],
    [/^C: retryDelay has no effect on an orderly consumer/],
  ],
  ['no group', [consumer('C', { options: { group: undefined as never } })], ["C: group 'undefined' is no string"]],
  ['no tag expression', [consumer('C', { routes: [route(5 as never)] })], [/^C: .*no string/]],
  ['no such delay', [consumer('C', { options: { group: 'c', retryDelay: { level: 0 } } })], [/^C: retryDelay: No delay level 0/]],
  ['a gap in the versions', [producer('P', { topic: { ...Orders, version: 2 } })], [/no upcast from 1 to 2/]],
  ['two producers of one topic', [one, producer('Two')], [/^One and Two are both producers of group 'shop' for topic 'orders'/]],
  [
    'one group with two settings',
    [one, producer('Two', { topic: Refunds, options: { group: 'shop', sendTimeoutMs: 9 } })],
    ["One and Two share the producer group 'shop' but differ in sendTimeoutMs"],
  ],
  ['a listener without producer', [listener('L', one)], ['L is a transaction listener of One, which is not among the producers']],
  ['two listeners', [one, listener('L', one), listener('M', one)], ['One has several transaction listeners: L, M']],
  [
    'a transactional producer without listener',
    [producer('P', { options: { group: 'g', transactional: true } })],
    [/^P is transactional but has no transaction listener/],
  ],
  ['a consumer of nothing', [consumer('C', { routes: [] })], [/^C: takes no messages/]],
  ['a broken tag expression', [consumer('C', { routes: [route('a | b')] })], [/^C: Tag 'a \| b'/]],
  ['a bad topic to consume', [consumer('C', { routes: [route('*', defineTopic(''))] })], ["C: topic '' is empty"]],
  [
    'two methods for the same messages',
    [consumer('C', { routes: [route('a || b', Orders, 'one'), route('b', Orders, 'two')] })],
    [/^C: one\(\) and two\(\) take the same messages: topic 'orders'/],
  ],
  [
    'a group with two subscriptions',
    [consumer('A', { options: { group: 'g' } }), consumer('B', { options: { group: 'g' }, routes: [route('a')] })],
    [/^A and B are both consumers of group 'g' and subscribe differently \(orders \* \/ orders a\)/],
  ],
  [
    'a group twice',
    [consumer('A', { options: { group: 'g' } }), consumer('B', { options: { group: 'g' } })],
    [/^A and B are both consumers of group 'g' and subscribe the same/],
  ],
];

test.each(cases)('%s', (_, components, expected) => {
  const problems = wiringProblems(components);
  expect(problems).toHaveLength(expected.length);
  for (const [index, problem] of problems.entries()) {
    const wanted = expected[index] as string | RegExp;
    expect(problem).toMatch(typeof wanted === 'string' ? new RegExp(`^${escape(wanted)}$`) : wanted);
  }
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

test('what the transport lacks is named with who needs it', () => {
  const none = { ...allFeatures, orderly: false, transactions: false, tagFilter: false, retry: false, delayLevels: false };
  const components = [
    consumer('A', { options: { group: 'a', orderly: true } }),
    consumer('B', { routes: [route('x')], options: { group: 'b', maxReconsumeTimes: 3, retryDelay: '1s' } }),
    listener('L', one),
    consumer('C', { routes: [route('a | b')] }),
  ];
  expect(featureProblems(components, { name: 'tiny', features: none })).toEqual([
    "A needs orderly consumption, which the transport 'tiny' does not have",
    "B needs retries (maxReconsumeTimes), which the transport 'tiny' does not have",
    "B needs delay levels (retryDelay), which the transport 'tiny' does not have",
    "B needs a tag filter, which the transport 'tiny' does not have",
    "L needs transactions, which the transport 'tiny' does not have",
  ]);
  expect(featureProblems(components, { name: 'full', features: allFeatures })).toEqual([]);
});

test("the defaults are RocketMQ's", () => {
  expect(withDefaults(consumerNumbers, { concurrency: 5 })).toEqual({
    concurrency: 5,
    maxReconsumeTimes: -1,
    pullBatchSize: 32,
    pullThresholdForQueue: 1000,
    pullThresholdSizeMiBForQueue: 100,
    consumeConcurrentlyMaxSpan: 2000,
    consumeTimeoutMs: 900_000,
    suspendCurrentQueueTimeMs: 1000,
  });
});
