import { expect, test } from 'vitest';
import { groupAttributeRules } from '../group/group-attributes.js';
import { topicAttributeRules } from '../topic/topic-attributes.js';
import { type AttributeRules, applyAttributeChanges, parseAttributeChanges } from './attribute-changes.js';

type Attributes = Readonly<Record<string, string>>;

function change(rules: AttributeRules, existing: Attributes | undefined, text: string): Attributes | string {
  const changes = parseAttributeChanges(text);
  if ('problem' in changes) return changes.problem;
  const changed = applyAttributeChanges(rules, existing, changes);
  return 'problem' in changed ? changed.problem : changed.attributes;
}

// The sentences are those of a 5.5.0 broker, but for the two kinds of queues that are not built.
test.each<[string, Attributes | undefined, string, Attributes | string]>([
  ['nothing', { 'message.type': 'FIFO' }, '', { 'message.type': 'FIFO' }],
  ['one that is set', undefined, '+message.type=FIFO', { 'message.type': 'FIFO' }],
  ['a value up to the next equals sign', undefined, '+message.type=FIFO=1', { 'message.type': 'FIFO' }],
  [
    'what is not mentioned stays',
    { 'message.type': 'FIFO' },
    '+reserve.time=-1',
    { 'message.type': 'FIFO', 'reserve.time': '-1' },
  ],
  ['one that is removed', { 'message.type': 'FIFO', 'reserve.time': '5' }, '-message.type', { 'reserve.time': '5' }],
  ['no sign', {}, 'message.type=FIFO', 'add/alter attribute format is wrong: message.type'],
  ['a value to remove', { 'message.type': 'FIFO' }, '-message.type=FIFO', 'add/alter attribute format is wrong: -message.type'],
  ['no value to set', {}, '+reserve.time', 'delete attribute format is wrong: +reserve.time'],
  ['no key', {}, '+=1', 'kv string format wrong.'],
  ['a key twice', {}, '+message.type=FIFO,+message.type=NORMAL', 'key duplication: +message.type'],
  [
    'a key with both signs',
    { 'message.type': 'FIFO' },
    '+message.type=FIFO,-message.type',
    'alter duplication key. key: message.type',
  ],
  ['a key nobody knows', {}, '+foo=1', 'unsupported key: foo'],
  ['a name of every object', {}, '+__proto__=1', 'unsupported key: __proto__'],
  [
    'a removal of what is not there',
    { 'message.type': 'FIFO' },
    '-reserve.time',
    'attempt to delete a nonexistent key: reserve.time',
  ],
  [
    'a removal from a new topic',
    undefined,
    '-message.type',
    'only add attribute is supported while creating topic. key: message.type',
  ],
  [
    'an unknown message type',
    {},
    '+message.type=WRONG',
    'value is not in set: [UNSPECIFIED, MIXED, TRANSACTION, PRIORITY, FIFO, DELAY, LITE, NORMAL]',
  ],
  ['a time below -1', {}, '+reserve.time=-2', 'value is not in range(-1, 9223372036854775807)'],
  ['a time that is no number', {}, '+reserve.time=abc', 'For input string: "abc"'],
  ['the largest time', {}, '+reserve.time=9223372036854775807', { 'reserve.time': '9223372036854775807' }],
  ['a life of 30 days', {}, '+lite.topic.expiration=43200', { 'lite.topic.expiration': '43200' }],
  ['a longer one', {}, '+lite.topic.expiration=43201', 'value is not in range(-1, 43200)'],
  ['a queue type at the creation', undefined, '+queue.type=SimpleCQ', { 'queue.type': 'SimpleCQ' }],
  ['a queue type later', {}, '+queue.type=SimpleCQ', 'attempt to update an unchangeable attribute. key: queue.type'],
  ['batch queues', undefined, '+queue.type=BatchCQ', "BatchCQ is not supported: this broker's store has no batch queues"],
  ['compaction', undefined, '+cleanup.policy=COMPACTION', "COMPACTION is not supported: this broker's store has no compaction"],
])('attributes of a topic: %s', (_name, existing, text, expected) => {
  expect(change(topicAttributeRules, existing, text)).toEqual(expected);
});

test.each<[string, Attributes | string]>([
  ['+priority.factor=100', { 'priority.factor': '100' }],
  ['+priority.factor=101', 'value is not in range(0, 100)'],
  ['+lite.sub.model=Shared', { 'lite.sub.model': 'Shared' }],
  ['+lite.sub.model=Other', 'value is not in set: [Shared, Exclusive]'],
  ['+lite.sub.client.max.event.cnt=9', 'value is not in range(10, 9223372036854775807)'],
  ['+lite.sub.client.quota=x', 'For input string: "x"'],
  ['+lite.bind.topic=T', { 'lite.bind.topic': 'T' }],
  ['+message.type=FIFO', 'unsupported key: message.type'],
])('attributes of a group: %s', (text, expected) => {
  expect(change(groupAttributeRules, {}, text)).toEqual(expected);
});
