import { expect, test } from 'vitest';
import type { MessageStore, MessageToStore, PutStatus, PutWaiter } from '../store/message-store.js';
import { TopicKeepingStore } from './topic-keeping-store.js';

const messageOf = (topic: string, properties = ''): MessageToStore =>
  ({ topic, properties: Buffer.from(properties) }) as Partial<MessageToStore> as MessageToStore;
const message = messageOf('New');

/** A store and a table of topics, of which the named ones are not on disk until the test says so. */
function setup(...unwritten: readonly string[]) {
  const puts: PutWaiter[] = [];
  const end = { resolve: (): void => undefined, reject: (_error: Error): void => undefined };
  const written = new Promise<void>((resolve, reject) => Object.assign(end, { resolve, reject }));
  const missing = new Set(unwritten);
  const topics = {
    get isPersisted() {
      return missing.size === 0;
    },
    isTopicPersisted: (topic: string) => !missing.has(topic),
    persist: () => written,
  };
  const put = (_messages: unknown, waiter: PutWaiter): void => {
    puts.push(waiter);
  };
  const store = new TopicKeepingStore({ putMessage: put, putMessages: put } as unknown as MessageStore, topics);
  const seen: (PutStatus | number)[] = [];
  const waiter: PutWaiter = {
    onAppended: (_physicalOffset, queueOffset) => seen.push(queueOffset),
    onDone: (status) => seen.push(status),
  };
  return { puts, written, end, missing, store, waiter, seen };
}

test('while all topics are on disk a put is handed on as it is', () => {
  const { store, puts, waiter } = setup();
  store.putMessage(message, waiter);
  store.putMessages([message], waiter);
  expect(puts).toEqual([waiter, waiter]);
});

test('a put to a new topic is done when both are on disk', async () => {
  const { store, puts, written, end, missing, waiter, seen } = setup('New');
  store.putMessage(message, waiter);
  puts[0]?.onAppended(100, 7, 0);
  puts[0]?.onDone('PUT_OK');
  await Promise.resolve();
  expect(seen).toEqual([7]);
  missing.clear();
  end.resolve();
  await written;
  expect(seen).toEqual([7, 'PUT_OK']);
});

test.each([
  ['a topic that is on disk', 'Old', ''],
  ['a delayed message for one', 'SCHEDULE_TOPIC_XXXX', 'REAL_TOPIC\u0001Old\u0002DELAY\u00013\u0002'],
  ['a half message for one', 'RMQ_SYS_TRANS_HALF_TOPIC', 'REAL_TOPIC\u0001Old\u0002'],
])('%s does not wait for the new topic of another', (_name, topic, properties) => {
  const { store, puts, waiter } = setup('New');
  store.putMessage(messageOf(topic, properties), waiter);
  store.putMessages([messageOf(topic, properties)], waiter);
  expect(puts).toEqual([waiter, waiter]);
});

test.each([
  ['delayed', 'SCHEDULE_TOPIC_XXXX', 'DELAY\u00013\u0002REAL_TOPIC\u0001New\u0002'],
  ['half', 'RMQ_SYS_TRANS_HALF_TOPIC', 'REAL_TOPIC\u0001New\u0002'],
])('a %s message waits for the new topic that it is for', async (_name, topic, properties) => {
  const { store, puts, written, end, waiter, seen } = setup('New');
  store.putMessage(messageOf(topic, properties), waiter);
  puts[0]?.onDone('PUT_OK');
  await Promise.resolve();
  expect(seen).toEqual([]);
  end.resolve();
  await written;
  expect(seen).toEqual(['PUT_OK']);
});

test('when the topic was written first the answer waits for nothing', () => {
  const { store, puts, missing, waiter, seen } = setup('New', 'Other');
  store.putMessages([message], waiter);
  missing.delete('New');
  puts[0]?.onDone('PUT_OK');
  expect(seen).toEqual(['PUT_OK']);
});

test('a put that stored nothing needs no topic', () => {
  const { store, puts, waiter, seen } = setup('New');
  store.putMessage(message, waiter);
  puts[0]?.onDone('BUSY');
  expect(seen).toEqual(['BUSY']);
});

test('when the topic cannot be written there is no success', async () => {
  const { store, puts, written, end, waiter, seen } = setup('New');
  store.putMessage(message, waiter);
  puts[0]?.onDone('PUT_OK');
  end.reject(new Error('no space left'));
  await written.catch(() => undefined);
  expect(seen).toEqual(['TOPIC_NOT_WRITTEN']);
});
