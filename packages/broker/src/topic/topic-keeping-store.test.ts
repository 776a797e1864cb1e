import { expect, test } from 'vitest';
import type { MessageStore, MessageToStore, PutStatus, PutWaiter } from '../store/message-store.js';
import { TopicKeepingStore } from './topic-keeping-store.js';

const message = { topic: 'T' } as MessageToStore;

/** A store and a table of topics whose writes end when the test says so. */
function setup(isPersisted: boolean) {
  const puts: PutWaiter[] = [];
  const end = { resolve: (): void => undefined, reject: (_error: Error): void => undefined };
  const written = new Promise<void>((resolve, reject) => Object.assign(end, { resolve, reject }));
  const topics = { isPersisted, persist: () => written };
  const put = (_messages: unknown, waiter: PutWaiter): void => {
    puts.push(waiter);
  };
  const store = new TopicKeepingStore({ putMessage: put, putMessages: put } as unknown as MessageStore, topics);
  const seen: (PutStatus | number)[] = [];
  const waiter: PutWaiter = {
    onAppended: (_physicalOffset, queueOffset) => seen.push(queueOffset),
    onDone: (status) => seen.push(status),
  };
  return { puts, written, end, topics, store, waiter, seen };
}

test('while all topics are on disk a put is handed on as it is', () => {
  const { store, puts, waiter } = setup(true);
  store.putMessage(message, waiter);
  store.putMessages([message], waiter);
  expect(puts).toEqual([waiter, waiter]);
});

test('a put beside a new topic is done when both are on disk', async () => {
  const { store, puts, written, end, topics, waiter, seen } = setup(false);
  store.putMessage(message, waiter);
  puts[0]?.onAppended(100, 7, 0);
  puts[0]?.onDone('PUT_OK');
  await Promise.resolve();
  expect(seen).toEqual([7]);
  topics.isPersisted = true;
  end.resolve();
  await written;
  expect(seen).toEqual([7, 'PUT_OK']);
});

test('when the topics were written first the answer waits for nothing', () => {
  const { store, puts, topics, waiter, seen } = setup(false);
  store.putMessages([message], waiter);
  topics.isPersisted = true;
  puts[0]?.onDone('PUT_OK');
  expect(seen).toEqual(['PUT_OK']);
});

test('when the topics cannot be written there is no success', async () => {
  const { store, puts, written, end, waiter, seen } = setup(false);
  store.putMessage(message, waiter);
  puts[0]?.onDone('PUT_OK');
  end.reject(new Error('no space left'));
  await written.catch(() => undefined);
  expect(seen).toEqual(['SERVICE_NOT_AVAILABLE']);
});
