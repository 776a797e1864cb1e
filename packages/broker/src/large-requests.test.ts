import { createRequest, type RemotingCommand, ResponseCode, type Steps } from '@orbitmq/protocol';
import { VirtualTime } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { LargeRequests, type LargeRequestsOptions } from './large-requests.js';
import { RecordingConnection } from './test-support/recording-connection.js';

const small = createRequest(1);
const large = createRequest(1, { body: Buffer.alloc(100) });

function settled(all: readonly (void | Promise<void>)[]): Promise<void[]> {
  return Promise.all(all.map(async (one) => one));
}

function setup(options: Partial<LargeRequestsOptions> = {}) {
  const timers = new VirtualTime();
  const requests = new LargeRequests({ timers, largeBytesMin: 100, ...options });
  const connection = new RecordingConnection();
  const done: string[] = [];
  const work = (name: string, stepCount = 3) =>
    function* steps(): Steps<void> {
      for (let step = 1; step < stepCount; step += 1) {
        done.push(`${name}${step}`);
        yield;
      }
      done.push(name);
    };
  const run = (request: RemotingCommand, name: string, order = name, from = connection) =>
    requests.run(request, from, order, work(name));
  return { timers, requests, connection, done, work, run };
}

test('a small request is done at once, a large one step by step, with others between', async () => {
  const { timers, done, run } = setup();
  expect(run(small, 'a')).toBeUndefined();
  expect(done).toEqual(['a1', 'a2', 'a']);
  const promise = run(large, 'b');
  expect(run(small, 'c')).toBeUndefined();
  timers.setImmediate(() => done.push('other'));
  await timers.runUntil(() => done.includes('b'), 1000);
  await promise;
  expect(done).toEqual(['a1', 'a2', 'a', 'c1', 'c2', 'c', 'b1', 'other', 'b2', 'b']);
});

test('one at a time, in the order in which they came', async () => {
  const { timers, done, run } = setup();
  const all = Promise.all([run(large, 'a'), run(large, 'b')]);
  await timers.runUntil(() => done.includes('b'), 1000);
  await all;
  expect(done).toEqual(['a1', 'a2', 'a', 'b1', 'b2', 'b']);
});

test('a small request about the same thing is done behind, one about another is not', async () => {
  const { timers, requests, connection, done, run } = setup();
  const processor = { process: (request: RemotingCommand) => void done.push(`p${request.extFields?.['of'] ?? ''}`) };
  const behind = requests.behind((request) => request.extFields?.['of'], processor);
  const last = requests.behind(undefined, processor);
  const of = (name: string) => createRequest(1, { extFields: { of: name } });
  expect(behind.process(of('x'), connection)).toBeUndefined();
  expect(last.process(of('z'), connection)).toBeUndefined();
  expect(done).toEqual(['px', 'pz']);
  const waiting = [run(large, 'a', 'x'), run(small, 'b', 'x'), behind.process(of('x'), connection)];
  expect(run(small, 'c', 'y')).toBeUndefined();
  expect(behind.process(of('y'), connection)).toBeUndefined();
  waiting.push(last.process(of('z'), connection));
  expect(done).toEqual(['px', 'pz', 'c1', 'c2', 'c', 'py']);
  // Whatever it is about: the one that waits is about everything.
  waiting.push(run(small, 'd', 'y'));
  await timers.runUntil(() => done.length === 17, 1000);
  await settled(waiting);
  expect(done.slice(6)).toEqual(['a1', 'a2', 'a', 'b1', 'b2', 'b', 'px', 'pz', 'd1', 'd2', 'd']);
  expect(behind.process(of('x'), connection)).toBeUndefined();
});

test('one connection has a quarter of the bytes, or one request', async () => {
  const { timers, connection, done, run } = setup({ waitingBytesMax: 800 });
  const other = new RecordingConnection();
  const waiting = [run(large, 'a'), run(large, 'b'), run(large, 'c', 'c', other)];
  expect(run(large, 'd')).toBeUndefined();
  expect(connection.responses.map(({ code }) => code)).toEqual([ResponseCode.SYSTEM_BUSY]);
  const largest = createRequest(1, { body: Buffer.alloc(500) });
  waiting.push(run(largest, 'e', 'e', new RecordingConnection()));
  await timers.runUntil(() => done.includes('e'), 1000);
  await settled(waiting);
  expect(other.responses).toEqual([]);
});

test('what is compressed waits for its turn, however small it is', async () => {
  const { timers, requests, connection, done, work } = setup();
  const waiting = requests.run(small, connection, 'a', work('a'), { isLarge: true });
  expect(done).toEqual([]);
  await timers.runUntil(() => done.includes('a'), 1000);
  await waiting;
});

test('what is to outlive its sender is done when that is gone, and not when all is stopped', async () => {
  const { timers, requests, connection, done, work } = setup();
  const waiting = [
    requests.run(large, connection, 'a', work('a'), { outlivesSender: true }),
    requests.run(large, connection, 'b', work('b')),
    requests.run(large, connection, 'c', work('c'), { outlivesSender: true }),
  ];
  connection.close();
  await timers.runUntil(() => done.includes('c1'), 1000);
  await requests.stop();
  await timers.runUntil(() => false, 100).catch(() => undefined);
  await settled(waiting);
  expect(done).toEqual(['a1', 'a2', 'a', 'c1']);
});

test('what fails before its first step is told, and the next one is done', async () => {
  const { timers, requests, connection, done, run } = setup();
  const failed = expect(
    requests.run(large, connection, 'a', () => {
      throw new Error('broken');
    }),
  ).rejects.toThrow('broken');
  const next = run(large, 'b');
  await timers.runUntil(() => done.includes('b'), 1000);
  await Promise.all([failed, next]);
});

test('what fails is told, and the next one is done', async () => {
  const { timers, requests, connection, done, run } = setup();
  // oxlint-disable-next-line require-yield -- it fails before it could
  const failing = function* steps(): Steps<void> {
    throw new Error('broken');
  };
  const failed = expect(requests.run(large, connection, 'a', failing)).rejects.toThrow('broken');
  const next = run(large, 'b');
  await timers.runUntil(() => done.includes('b'), 1000);
  await Promise.all([failed, next]);
  expect(() => requests.run(small, connection, 'a', failing)).toThrow('broken');
});

test('a closed connection ends what was begun for it, and what waits is not begun', async () => {
  const { timers, done, run } = setup();
  const gone = new RecordingConnection();
  const all = Promise.all([run(large, 'a', 'a', gone), run(large, 'b', 'b', gone), run(large, 'c')]);
  await timers.runUntil(() => done.includes('a1'), 1000);
  gone.close();
  await timers.runUntil(() => done.includes('c'), 1000);
  await all;
  expect(done).toEqual(['a1', 'c1', 'c2', 'c']);
});

test('as many as may wait, and not one more', async () => {
  const { timers, connection, done, run } = setup({ waitingMax: 2 });
  const waiting = [run(large, 'a'), run(large, 'b')];
  expect(run(large, 'c')).toBeUndefined();
  expect(run(small, 'd', 'a')).toBeUndefined();
  expect(connection.responses.map(({ code }) => code)).toEqual([ResponseCode.SYSTEM_BUSY, ResponseCode.SYSTEM_BUSY]);
  expect(connection.responses[0]?.remark).toMatch(/^\[OVERLOAD\]/);
  await timers.runUntil(() => done.includes('b'), 1000);
  await settled(waiting);
  const next = run(large, 'e');
  await timers.runUntil(() => done.includes('e'), 1000);
  await next;
  expect(connection.responses).toHaveLength(2);
});

test('as many bytes as may wait, and not one more', async () => {
  const { timers, connection, done, run } = setup({ waitingBytesMax: 200 });
  const waiting = [run(large, 'a', 'a', new RecordingConnection()), run(large, 'b', 'b', new RecordingConnection())];
  expect(run(large, 'c')).toBeUndefined();
  expect(connection.responses.map(({ code }) => code)).toEqual([ResponseCode.SYSTEM_BUSY]);
  await timers.runUntil(() => done.includes('b'), 1000);
  await settled(waiting);
  const next = run(large, 'd');
  await timers.runUntil(() => done.includes('d'), 1000);
  await next;
  expect(connection.responses).toHaveLength(1);
});
