/** What becomes of requests that wait for their turn, and of those that come when the server is about to stop; on virtual time. */
import { createRequest, createResponse, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { createRemotingClient } from '../client/create-remoting-client.js';
import type { WaitingRule } from '../connection/waiting-requests.js';
import { InProcessNetwork } from '../network/in-process-network.js';
import type { ServerConnection } from '../remoting-server.js';
import { createRemotingServer } from './create-remoting-server.js';

const hold = 9002;
const echo = 9001;
const limitMs = 200;
const timeout = { timeoutMs: 60_000 };

async function world(refuseWaiting?: WaitingRule) {
  const environment = virtualEnvironment(1);
  const network = new InProcessNetwork({ timers: environment.timers });
  const held: { request: RemotingCommand; connection: ServerConnection }[] = [];
  const begun: number[] = [];
  const place = { environment, host: '127.0.0.1', port: 4711, inFlightPerConnectionMax: 2 };
  const server = createRemotingServer({ ...place, listener: network, refuseWaiting });
  server.registerProcessor([hold], {
    process: (request, connection) => {
      begun.push(request.opaque);
      held.push({ request, connection });
    },
  });
  server.registerProcessor([echo], {
    process: (request, connection) => connection.respond(request, createResponse(request, ResponseCode.SUCCESS)),
  });
  await server.start();
  const client = createRemotingClient({ environment, dialer: network });
  await client.start();
  /** When and how each was answered. */
  const answers: string[] = [];
  const ask = (name: string, code: number, version = 400): void => {
    const request = { ...createRequest(code), version };
    void client.invoke('127.0.0.1:4711', request, timeout).then((answer) => {
      answers.push(`${name}: ${answer.code} ${answer.remark ?? ''}`.trimEnd());
    });
  };
  const tell = (code: number, version: number): Promise<void> => {
    const request = { ...createRequest(code, {}, true), version };
    return client.invokeOneway('127.0.0.1:4711', request, timeout);
  };
  const answerOldest = (): void => {
    const { request, connection } = held.shift() as (typeof held)[number];
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
  };
  return { environment, time: environment.time, server, client, held, begun, answers, ask, tell, answerOldest };
}

const afterLimit: WaitingRule = (request, waitedMs, waitingCount) =>
  request.code === hold && waitedMs >= limitMs
    ? { code: ResponseCode.SYSTEM_BUSY, remark: `${Math.floor(waitedMs / 50) * 50} ms, ${waitingCount} wait` }
    : undefined;

test('requests that waited too long are answered while the others are still in work', async () => {
  const { time, held, answers, ask } = await world(afterLimit);
  for (const name of ['a', 'b', 'c', 'd']) ask(name, hold);
  await time.advance(limitMs - 10);
  expect(answers).toEqual([]);
  await time.advance(60 + 10);
  expect(answers).toEqual(['c: 2 200 ms, 2 wait', 'd: 2 200 ms, 2 wait']);
  expect(held).toHaveLength(2);
});

test('what the rule lets wait begins in order when there is room', async () => {
  const { time, answers, ask, answerOldest } = await world(afterLimit);
  for (const name of ['a', 'b', 'c']) ask(name, hold);
  ask('d', echo);
  await time.advance(100);
  answerOldest();
  await time.advance(10);
  // "c" has taken the place; "d" waits on, for as long as it takes.
  await time.advance(5000);
  expect(answers).toEqual(['a: 0']);
  answerOldest();
  await time.advance(10);
  expect(answers).toEqual(['a: 0', 'b: 0', 'd: 0']);
});

test('a connection whose waiting requests were refused is read on', async () => {
  const { time, answers, ask, answerOldest } = await world(afterLimit);
  for (const name of ['a', 'b', 'c']) ask(name, hold);
  await time.advance(300);
  expect(answers).toEqual(['c: 2 200 ms, 1 wait']);
  answerOldest();
  answerOldest();
  ask('d', echo);
  await time.advance(10);
  expect(answers.slice(1)).toEqual(['a: 0', 'b: 0', 'd: 0']);
});

test('without a rule requests wait', async () => {
  const { time, answers, ask, held } = await world();
  for (const name of ['a', 'b', 'c']) ask(name, hold);
  await time.advance(30_000);
  expect([answers, held.length]).toEqual([[], 2]);
});

test('newer clients are sent away, older ones and one-way requests are served', async () => {
  const { time, server, answers, ask, tell, begun } = await world();
  ask('before', echo, 513);
  await time.advance(10);
  server.sendAway();
  ask('5.5.0', echo, 513);
  ask('5.3.2', echo, 477);
  ask('5.3.1', echo, 475);
  ask('4.9.7', echo, 407);
  ask('an unknown code', 4712, 513);
  await tell(hold, 513);
  await time.advance(10);
  expect(answers).toEqual([
    'before: 0',
    '5.5.0: 1500 please go away',
    '5.3.2: 1500 please go away',
    '5.3.1: 0',
    '4.9.7: 0',
    'an unknown code: 1500 please go away',
  ]);
  expect(begun).toHaveLength(1);
});
