import { InvariantError, ProtocolError } from '@orbitmq/core/kernel';
import { describe, expect, test } from 'vitest';
import { createFrameDecoder } from '../frame/create-frame-decoder.js';
import { createFrameWriter } from '../frame/create-frame-writer.js';
import { type RemotingCommand, SerializeType } from '../frame/remoting-command.js';
import { ownVersion } from '../version.js';
import { pullMessageResponseHeader } from './pull-message.js';
import { sendMessageResponseHeader } from './send-message.js';
import { writePullMessageResponse } from './write-pull-message-response.js';
import { writeSendMessageResponse } from './write-send-message-response.js';

const serializations = [SerializeType.JSON, SerializeType.ROCKETMQ] as const;

function decoded(pieces: readonly Buffer[]): RemotingCommand[] {
  const commands: RemotingCommand[] = [];
  createFrameDecoder().push(Buffer.concat(pieces), (command) => commands.push(command));
  return commands;
}

const sendAnswer = {
  opaque: 6,
  code: 0,
  remark: undefined,
  offsetMsgId: '7F00000100002A9F0000000000000000',
  queueId: 3,
  queueOffset: 12345678901234,
  transactionId: undefined,
  recallHandle: undefined,
  regionId: 'DefaultRegion',
  traceOn: true,
};

describe.each(serializations)('answers of serialization %i', (serializeType) => {
  test('to a send', () => {
    const writer = createFrameWriter();
    writeSendMessageResponse(writer, { ...sendAnswer, serializeType });
    writeSendMessageResponse(writer, {
      ...sendAnswer,
      serializeType,
      code: 10,
      remark: 'a "b"\n订单',
      transactionId: 'X"',
      recallHandle: 'djEg_-==',
      traceOn: false,
    });
    const [first, second] = decoded(writer.take());
    expect(first).toMatchObject({
      code: 0,
      opaque: 6,
      flag: 1,
      version: ownVersion,
      language: 7,
      remark: undefined,
      serializeType,
    });
    expect(sendMessageResponseHeader.decodeCommand(first as RemotingCommand)).toEqual({
      msgId: sendAnswer.offsetMsgId,
      queueId: 3,
      queueOffset: 12345678901234,
      transactionId: undefined,
      recallHandle: undefined,
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
    });
    expect(second).toMatchObject({ code: 10, remark: 'a "b"\n订单' });
    expect(second?.extFields).toMatchObject({ transactionId: 'X"', recallHandle: 'djEg_-==', TRACE_ON: 'false' });
  });

  test('to a pull', () => {
    const writer = createFrameWriter();
    const large = Buffer.alloc(5000, 1);
    const numbers = { suggestWhichBrokerId: 1, nextBeginOffset: 2 ** 40, minOffset: 0, maxOffset: 2 ** 40 + 1 };
    writePullMessageResponse(writer, {
      opaque: 7,
      serializeType,
      code: 0,
      remark: 'FOUND',
      ...numbers,
      slices: [large, Buffer.from('ab')],
      sizeBytes: 5002,
    });
    writePullMessageResponse(writer, {
      opaque: 8,
      serializeType,
      code: 19,
      remark: undefined,
      ...numbers,
      slices: [],
      sizeBytes: 0,
    });
    const [found, none] = decoded(writer.take());
    expect(found).toMatchObject({ code: 0, opaque: 7, flag: 1, remark: 'FOUND' });
    expect(pullMessageResponseHeader.decodeCommand(found as RemotingCommand)).toMatchObject(numbers);
    expect(found?.body).toEqual(Buffer.concat([large, Buffer.from('ab')]));
    expect(none).toMatchObject({ code: 19, opaque: 8, remark: undefined, body: undefined });
    expect(pullMessageResponseHeader.decodeCommand(none as RemotingCommand)).toMatchObject(numbers);
  });

  test('records of a pull that do not add up, or are more than a frame holds', () => {
    const writer = createFrameWriter();
    const answer = {
      opaque: 7,
      serializeType,
      code: 0,
      remark: undefined,
      suggestWhichBrokerId: 0,
      nextBeginOffset: 1,
      minOffset: 0,
      maxOffset: 1,
    };
    expect(() => writePullMessageResponse(writer, { ...answer, slices: [Buffer.alloc(5)], sizeBytes: 4 })).toThrow(
      InvariantError,
    );
    const slices = Array.from({ length: 16 }, () => Buffer.alloc(1024 * 1024));
    expect(() => writePullMessageResponse(writer, { ...answer, slices, sizeBytes: 16 * 1024 * 1024 })).toThrow(ProtocolError);
    expect(writer.sizeBytes).toBe(0);
  });
});

test('records of a pull go by reference', () => {
  const writer = createFrameWriter();
  const slice = Buffer.alloc(100_000, 1);
  writePullMessageResponse(writer, {
    opaque: 7,
    serializeType: SerializeType.JSON,
    code: 0,
    remark: 'FOUND',
    suggestWhichBrokerId: 0,
    nextBeginOffset: 1,
    minOffset: 0,
    maxOffset: 1,
    slices: [slice],
    sizeBytes: slice.length,
  });
  expect(writer.take()[1]).toBe(slice);
});
