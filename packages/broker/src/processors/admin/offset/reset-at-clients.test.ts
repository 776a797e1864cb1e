import { decodeResetOffsetBody, languageOrdinal, RequestCode } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { RecordingConnection } from '../../../test-support/recording-connection.js';
import { plainTopic } from '../../../topic/boot-topics.js';
import { ResetAtClients } from './reset-at-clients.js';

test('members of one kind are told the same bytes, made once for all of them', async () => {
  const languages = ['JAVA', 'CPP', 'GO', 'CPP'];
  const members = languages.map((language, index) => ({
    connection: new RecordingConnection(),
    clientId: `c${index}`,
    language: languageOrdinal(language),
    version: 1,
  }));
  const reset = new ResetAtClients({
    config: { brokerName: 'broker-a' },
    store: { maxOffset: () => 9, offsetByTime: async () => 4 },
    topics: { get: (topic) => plainTopic(topic, 2, 6) },
    offsets: { query: () => 7 },
    consumers: { members: () => members },
  });
  const header = { topic: 'T', group: 'g', timestamp: 1, isForce: true, queueId: undefined, offset: undefined };
  const outcome = await reset.reset(header);
  expect(outcome.kind).toBe('reset');
  const told = members.map(({ connection }) => connection.notices[0]);
  expect(told.map((request) => request?.code)).toEqual(languages.map(() => RequestCode.RESET_CONSUMER_CLIENT_OFFSET));
  const [java, cpp, go, otherCpp] = told.map((request) => request?.body);
  expect(go).toBe(java);
  expect(otherCpp).toBe(cpp);
  expect(JSON.parse(cpp?.toString() ?? '').offsetTable).toHaveLength(2);
  expect(decodeResetOffsetBody(java ?? Buffer.alloc(0)).map(([{ queueId }, offset]) => [queueId, offset])).toEqual([
    [0, 4],
    [1, 4],
  ]);
});
