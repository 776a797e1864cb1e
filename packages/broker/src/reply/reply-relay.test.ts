import { InvariantError, silentLogger } from '@orbitmq/core/kernel';
import {
  createResponse,
  type PushReplyMessageHeader,
  pushReplyMessageHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { FakeConnection } from '../test-support/fake-connection.js';
import { ReplyRelay } from './reply-relay.js';

/** A requester that answers when the test says so. */
class Requester extends FakeConnection {
  readonly pushed: { readonly request: RemotingCommand; readonly timeoutMs: number }[] = [];
  override queuedBytes = 0;
  answer: (code?: number) => void = () => undefined;
  fail: (error: Error) => void = () => undefined;

  override invoke(request?: RemotingCommand, options?: { readonly timeoutMs: number }): Promise<RemotingCommand> {
    if (request === undefined || options === undefined) throw new Error('no request');
    this.pushed.push({ request, timeoutMs: options.timeoutMs });
    return new Promise((resolve, reject) => {
      this.answer = (code = ResponseCode.SUCCESS) => resolve(createResponse(request, code));
      this.fail = reject;
    });
  }
}

const header: PushReplyMessageHeader = {
  producerGroup: 'PG',
  topic: 'DefaultCluster_REPLY_TOPIC',
  defaultTopic: 'TBW102',
  defaultTopicQueueNums: 4,
  queueId: 0,
  sysFlag: 0,
  bornTimestamp: 1,
  flag: 0,
  properties: 'PUSH_REPLY_TIME\u00012\u0002',
  reconsumeTimes: 0,
  unitMode: false,
  bornHost: '127.0.0.1:1',
  storeHost: '127.0.0.1:10911',
  storeTimestamp: 2,
};

function relayTo(requester: Requester | undefined): ReplyRelay {
  return new ReplyRelay({
    producers: { connectionOf: (clientId) => (clientId === 'c@1' ? requester : undefined) },
    logger: silentLogger,
    inFlightMax: 2,
    bytesMax: 10,
    queuedBytesMax: 100,
  });
}

const body = Buffer.from('hello');
const failed = 'push reply message to c@1fail.';

test('the requester gets header and body as they are, and ten seconds', async () => {
  const requester = new Requester();
  const pushing = relayTo(requester).push('c@1', header, body);
  const { request, timeoutMs } = requester.pushed[0]!;
  expect([request.code, request.body, timeoutMs]).toEqual([RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT, body, 10_000]);
  expect(pushReplyMessageHeader.decodeCommand(request)).toEqual(header);
  requester.answer();
  expect(await pushing).toBeUndefined();
});

test('Apache’s words for who is not there, not named, and not able', async () => {
  const requester = new Requester();
  const relay = relayTo(requester);
  expect(await relay.push(undefined, header, body)).toBe('reply message properties[REPLY_TO_CLIENT] is null');
  expect(await relay.push('c@2', header, body)).toBe('push reply message fail, channel of <c@2> not found.');
  const refused = relay.push('c@1', header, body);
  requester.answer(ResponseCode.SYSTEM_ERROR);
  expect(await refused).toBe(failed);
  const lost = relay.push('c@1', header, body);
  requester.fail(new Error('the connection is gone'));
  expect(await lost).toBe(failed);
  expect(relay.inFlightCount).toBe(0);
});

test('a broken invariant is not taken for a failed push', async () => {
  const requester = new Requester();
  const pushing = relayTo(requester).push('c@1', header, body);
  requester.fail(new InvariantError('broken'));
  await expect(pushing).rejects.toBeInstanceOf(InvariantError);
});

test('so many replies at a time and so many bytes, and room again when one is done', async () => {
  const requester = new Requester();
  const relay = relayTo(requester);
  const first = relay.push('c@1', header, body);
  const answerFirst = requester.answer;
  expect([relay.hasRoom(Buffer.alloc(5)), relay.hasRoom(Buffer.alloc(6))]).toEqual([true, false]);
  const second = relay.push('c@1', header, Buffer.alloc(1));
  expect([relay.inFlightCount, relay.hasRoom(Buffer.alloc(0))]).toEqual([2, false]);
  requester.answer();
  answerFirst();
  expect(await Promise.all([first, second])).toEqual([undefined, undefined]);
  // One that is larger than the bound goes alone.
  expect([relay.inFlightCount, relay.hasRoom(Buffer.alloc(11))]).toEqual([0, true]);
});

test('a requester that does not read is given no more than it can take', async () => {
  const requester = new Requester();
  const relay = relayTo(requester);
  requester.queuedBytes = 96;
  expect(await relay.push('c@1', header, body)).toBe(failed);
  expect(requester.pushed).toEqual([]);
  requester.queuedBytes = 1;
  expect(await relay.push('c@1', header, Buffer.alloc(100))).toBe(failed);
  expect(requester.pushed).toEqual([]);
  requester.queuedBytes = 95;
  const pushing = relay.push('c@1', header, body);
  requester.answer();
  expect(await pushing).toBeUndefined();
});

test('a reply that is larger than the bound goes to a requester for whom nothing waits', async () => {
  const requester = new Requester();
  const pushing = relayTo(requester).push('c@1', header, Buffer.alloc(101));
  requester.answer();
  expect([await pushing, requester.pushed.length]).toEqual([undefined, 1]);
});
