import { expect, test } from 'vitest';
import { createFrameDecoder } from '../frame/create-frame-decoder.js';
import { createFrameWriter } from '../frame/create-frame-writer.js';
import type { RemotingCommand } from '../frame/remoting-command.js';
import { ownVersion } from '../version.js';
import { decodeSendMessage } from './decode-send-message.js';
import {
  createSendMessageTemplate,
  type SendMessageTemplateFields,
  writeSendMessageRequest,
} from './write-send-message-request.js';

const templateFields: SendMessageTemplateFields = {
  code: 310,
  producerGroup: 'PG_A',
  topic: 'TopicT',
  defaultTopic: 'TBW102',
  defaultTopicQueueNums: 4,
  queueId: 3,
  brokerName: 'broker-"a"',
  batch: false,
  oneway: false,
};

function roundTrip(template: SendMessageTemplateFields, body: Buffer, propertiesJson = 'A\\u0001ä\\"€'): RemotingCommand {
  const writer = createFrameWriter();
  const message = { sysFlag: 0x301, bornTimestamp: 1795216927080, propertiesJson, body };
  writeSendMessageRequest(writer, createSendMessageTemplate(template), 4711, message);
  const commands: RemotingCommand[] = [];
  createFrameDecoder().push(Buffer.concat(writer.take()), (command) => commands.push(command));
  expect(commands).toHaveLength(1);
  return commands[0] as RemotingCommand;
}

test('what is written reads as the request that was meant', () => {
  const command = roundTrip(templateFields, Buffer.from('hello'));
  expect(command).toMatchObject({ code: 310, opaque: 4711, flag: 0, version: ownVersion });
  expect(command.body?.toString()).toBe('hello');
  const { properties } = decodeSendMessage(command);
  expect({ ...decodeSendMessage(command), properties }).toMatchObject({
    producerGroup: 'PG_A',
    topic: 'TopicT',
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    queueId: 3,
    sysFlag: 0x301,
    bornTimestamp: 1795216927080,
    flag: 0,
    properties: 'A\u0001ä"€',
    reconsumeTimes: 0,
    unitMode: false,
    batch: false,
    brokerName: 'broker-"a"',
  });
});

test('a batch, a one-way request, a large body and no body', () => {
  expect(decodeSendMessage(roundTrip({ ...templateFields, code: 320, batch: true }, Buffer.from('x')))).toMatchObject({
    batch: true,
  });
  expect(roundTrip({ ...templateFields, oneway: true }, Buffer.from('x')).flag).toBe(2);
  expect(roundTrip(templateFields, Buffer.alloc(100_000, 'y')).body).toHaveLength(100_000);
  expect(roundTrip(templateFields, Buffer.alloc(0)).body).toBeUndefined();
});

test('a frame that no peer would read is refused, and nothing of it stays in the writer', () => {
  const writer = createFrameWriter();
  const message = { sysFlag: 0, bornTimestamp: 1, propertiesJson: '', body: Buffer.alloc(16 * 1024 * 1024) };
  expect(() => writeSendMessageRequest(writer, createSendMessageTemplate(templateFields), 1, message)).toThrow(
    expect.objectContaining({ code: 'FRAME_TOO_LARGE' }),
  );
  expect(writer.sizeBytes).toBe(0);
});
