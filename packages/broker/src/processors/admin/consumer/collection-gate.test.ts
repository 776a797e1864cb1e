import { createRequest, createResponse, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { RecordingConnection } from '../../../test-support/recording-connection.js';
import { CollectionGate } from './collection-gate.js';

const request = createRequest(RequestCode.GET_CONSUME_STATS, {});

function harness() {
  const gate = new CollectionGate({ runningMax: 2, waitingMax: 1 });
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const ask = (name: string, connection = new RecordingConnection()) => {
    const done = gate.run(request, connection, async () => {
      begun.push(name);
      await new Promise<void>((resolve, reject) => ends.set(name, (error) => (error === undefined ? resolve() : reject(error))));
      connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
    });
    return { connection, done };
  };
  const end = async (one: { readonly done: Promise<void> }, name: string) => {
    ends.get(name)?.();
    await one.done;
  };
  return { ask, begun, end, ends };
}

test('so many run, so many wait, and the next is refused with 2', async () => {
  const { ask, begun, end } = harness();
  const [a, b, c] = [ask('a'), ask('b'), ask('c')];
  const refused = ask('d');
  await refused.done;
  expect(begun).toEqual(['a', 'b']);
  expect(refused.connection.responses.map(({ code }) => code)).toEqual([ResponseCode.SYSTEM_BUSY]);
  await end(a, 'a');
  expect(begun).toEqual(['a', 'b', 'c']);
  await end(b, 'b');
  await end(c, 'c');
  await end(ask('e'), 'e');
  expect(begun).toEqual(['a', 'b', 'c', 'e']);
});

test('what fails gives its place away, and who is gone takes none', async () => {
  const { ask, begun, end, ends } = harness();
  const [a, b] = [ask('a'), ask('b')];
  const gone = ask('gone');
  gone.connection.close();
  ends.get('a')?.(new Error('disk'));
  await expect(a.done).rejects.toThrow('disk');
  await gone.done;
  expect([begun, gone.connection.responses]).toEqual([['a', 'b'], []]);
  const c = ask('c');
  await end(c, 'c');
  await end(b, 'b');
  expect(begun).toEqual(['a', 'b', 'c']);
});
