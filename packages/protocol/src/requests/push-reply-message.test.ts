import { expect, test } from 'vitest';
import { createRequest } from '../frame/remoting-command.js';
import { pushReplyMessageHeader } from './push-reply-message.js';

/** As a 4.9.7 broker sent it (page 03 §9). */
const extFields = {
  producerGroup: 'PG_RR',
  topic: 'DefaultCluster_REPLY_TOPIC',
  defaultTopic: 'TBW102',
  defaultTopicQueueNums: '4',
  queueId: '0',
  sysFlag: '0',
  bornTimestamp: '1795217058967',
  flag: '0',
  reconsumeTimes: '0',
  unitMode: 'false',
  bornHost: '127.0.0.1:40798',
  storeHost: '127.0.0.1:10911',
  storeTimestamp: '1795217058973',
  properties:
    'PUSH_REPLY_TIME\u00011795217058973\u0002MSG_TYPE\u0001reply\u0002REPLY_TO_CLIENT\u0001192.0.2.2@rp1\u0002CORRELATION_ID\u0001020cfde1-4da4-46c5-81c3-88f071c9e15a',
};

test('a pushed reply has the fields of Apache’s', () => {
  const header = pushReplyMessageHeader.decodeCommand(createRequest(326, { extFields }));
  expect(header).toMatchObject({
    producerGroup: 'PG_RR',
    defaultTopicQueueNums: 4,
    bornTimestamp: 1795217058967,
    unitMode: false,
    storeTimestamp: 1795217058973,
  });
  expect(pushReplyMessageHeader.encode(header)).toEqual(extFields);
});

test.each(['producerGroup', 'queueId', 'bornHost', 'storeTimestamp'])('without %s it is refused', (name) => {
  const { [name]: _left, ...others } = extFields as Record<string, string>;
  expect(() => pushReplyMessageHeader.decodeCommand(createRequest(326, { extFields: others }))).toThrow(name);
});
