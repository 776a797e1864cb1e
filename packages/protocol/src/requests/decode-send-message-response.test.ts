import { expect, test } from 'vitest';
import { createFrameDecoder } from '../frame/create-frame-decoder.js';
import { createFrameWriter } from '../frame/create-frame-writer.js';
import { createRequest, createResponse, type ExtFields, type RemotingCommand, SerializeType } from '../frame/remoting-command.js';
import { decodeSendMessageResponse } from './decode-send-message-response.js';

const serializations = [SerializeType.JSON, SerializeType.ROCKETMQ] as const;

function received(extFields: ExtFields | undefined, serializeType: SerializeType): RemotingCommand {
  const writer = createFrameWriter();
  writer.writeCommand(createResponse({ ...createRequest(310), serializeType }, 0, { extFields }));
  const commands: RemotingCommand[] = [];
  createFrameDecoder().push(Buffer.concat(writer.take()), (command) => commands.push(command));
  return commands[0] as RemotingCommand;
}

const fields = {
  msgId: '7F00000100002A9F0000000000000000',
  queueId: '3',
  queueOffset: '123456789012',
  MSG_REGION: 'DefaultRegion',
};

test.each(serializations)('reads an answer of serialization %i, with and without transaction id', (serializeType) => {
  const absent = { transactionId: undefined, recallHandle: undefined };
  const result = { msgId: fields.msgId, queueId: 3, queueOffset: 123456789012, ...absent };
  expect(decodeSendMessageResponse(received(fields, serializeType))).toEqual(result);
  expect(decodeSendMessageResponse(received({ ...fields, transactionId: 'ä"' }, serializeType))).toEqual({
    ...result,
    transactionId: 'ä"',
  });
  expect(decodeSendMessageResponse(received({ ...fields, recallHandle: 'djEg_-==' }, serializeType))).toEqual({
    ...result,
    recallHandle: 'djEg_-==',
  });
  expect(decodeSendMessageResponse(createResponse(createRequest(310), 0, { extFields: fields }))).toEqual(result);
});

test.each(serializations)('what is missing or no number is named, in serialization %i', (serializeType) => {
  for (const name of ['msgId', 'queueId', 'queueOffset'] as const) {
    const { [name]: _left, ...others } = fields;
    expect(() => decodeSendMessageResponse(received(others, serializeType))).toThrow(name);
  }
  for (const name of ['queueId', 'queueOffset'] as const) {
    expect(() => decodeSendMessageResponse(received({ ...fields, [name]: 'x' }, serializeType))).toThrow(name);
  }
  expect(() => decodeSendMessageResponse(received(undefined, serializeType))).toThrow('msgId');
});
