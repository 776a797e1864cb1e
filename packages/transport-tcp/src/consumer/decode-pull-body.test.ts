import { encodeBatch, SysFlag } from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { decodePullBody } from './decode-pull-body.js';
import { context } from './test-support/plain-message.js';
import { ScriptedCluster } from './test-support/scripted-cluster.js';

function records(tags: readonly (string | undefined)[]): Buffer[] {
  const cluster = new ScriptedCluster(virtualEnvironment(1));
  cluster.addTopic('orders', 1);
  return tags.map(
    (tag, index) => cluster.publish('orders', `m${index}`, tag === undefined ? {} : { properties: { TAGS: tag } }).record,
  );
}

const bodiesOf = (pulled: ReturnType<typeof decodePullBody>): string[] =>
  pulled.messages.map((message) => Buffer.from(message.body).toString());

test('without a filter everything passes, also without a tag', () => {
  const body = Buffer.concat(records(['a', undefined, 'b']));
  const pulled = decodePullBody({ body, queueOffset: 0, tags: undefined, context });
  expect(bodiesOf(pulled)).toEqual(['m0', 'm1', 'm2']);
  expect(pulled.broken).toBeUndefined();
});

test('tags are compared exactly: hashes may collide, and a message without a tag does not pass', () => {
  // "Aa" and "BB" have the same Java hash code.
  const body = Buffer.concat(records(['Aa', 'BB', undefined, 'Aa2', 'b']));
  expect(bodiesOf(decodePullBody({ body, queueOffset: 0, tags: new Set(['Aa', 'b']), context }))).toEqual(['m0', 'm4']);
});

test('no body, no messages', () => {
  expect(decodePullBody({ body: undefined, queueOffset: 4, tags: undefined, context }).messages).toEqual([]);
});

test('a record that cannot be read stops the answer before it, and is not skipped', () => {
  const [first, second, third] = records([undefined, undefined, undefined]) as [Buffer, Buffer, Buffer];
  second.writeInt32BE(0, 4);
  const pulled = decodePullBody({ body: Buffer.concat([first, second, third]), queueOffset: 0, tags: undefined, context });
  expect(bodiesOf(pulled)).toEqual(['m0']);
  expect(pulled.broken).toMatchObject({ resumeOffset: 1, error: { code: 'RECORD_INVALID' } });
});

test('an answer cut at any byte gives whole messages and the place to go on', () => {
  const body = Buffer.concat(records([undefined, undefined]));
  const size = body.length / 2;
  for (let length = 1; length < body.length; length += 1) {
    const pulled = decodePullBody({ body: body.subarray(0, length), queueOffset: 0, tags: undefined, context });
    const whole = Math.floor(length / size);
    expect(pulled.messages.length).toBe(whole);
    expect(pulled.broken?.resumeOffset).toBe(length % size === 0 ? undefined : whole);
  }
});

test('an inner batch of 5.x becomes its messages', () => {
  const cluster = new ScriptedCluster(virtualEnvironment(1));
  cluster.addTopic('orders', 1);
  const batch = encodeBatch([
    { flag: 1, body: Buffer.from('x'), properties: 'TAGS\u0001a\u0002UNIQ_KEY\u0001X' },
    { flag: 2, body: Buffer.from('y'), properties: 'TAGS\u0001b' },
  ]);
  const { record } = cluster.publish('orders', batch, { sysFlag: SysFlag.INNER_BATCH | SysFlag.NEED_UNWRAP });
  const pulled = decodePullBody({ body: record, queueOffset: 0, tags: undefined, context });
  expect(bodiesOf(pulled)).toEqual(['x', 'y']);
  expect(pulled.messages.map((message) => [message.queueOffset, message.messageId.slice(0, 1), message.tag])).toEqual([
    [0, 'X', 'a'],
    [1, '0', 'b'],
  ]);
});
