import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFrameDecoder } from '../frame/create-frame-decoder.js';
import { createFrameWriter } from '../frame/create-frame-writer.js';
import { createRequest, createResponse, type ExtFields, type RemotingCommand, SerializeType } from '../frame/remoting-command.js';
import { decodePullMessageResponse } from './decode-pull-message-response.js';
import { pullMessageResponseHeader } from './pull-message.js';

const serializations = [SerializeType.JSON, SerializeType.ROCKETMQ] as const;

function received(extFields: ExtFields | undefined, serializeType: SerializeType): RemotingCommand {
  const writer = createFrameWriter();
  writer.writeCommand(createResponse({ ...createRequest(11), serializeType }, 0, { extFields }));
  const commands: RemotingCommand[] = [];
  createFrameDecoder().push(Buffer.concat(writer.take()), (command) => commands.push(command));
  return commands[0] as RemotingCommand;
}

const fields = { suggestWhichBrokerId: '1', nextBeginOffset: '123456789012', minOffset: '7', maxOffset: '123456789013' };

test.each(serializations)('reads an answer of serialization %i', (serializeType) => {
  const result = { suggestWhichBrokerId: 1, nextBeginOffset: 123456789012, minOffset: 7, maxOffset: 123456789013 };
  expect(decodePullMessageResponse(received(fields, serializeType))).toEqual(result);
  expect(decodePullMessageResponse(received({ ...fields, topicSysFlag: '1', groupSysFlag: '0' }, serializeType))).toEqual(result);
  expect(decodePullMessageResponse(createResponse(createRequest(11), 0, { extFields: fields }))).toEqual(result);
});

test.each(serializations)('what is missing or no number is named, in serialization %i', (serializeType) => {
  for (const name of Object.keys(fields) as (keyof typeof fields)[]) {
    const { [name]: _left, ...others } = fields;
    expect(() => decodePullMessageResponse(received(others, serializeType))).toThrow(name);
    expect(() => decodePullMessageResponse(received({ ...fields, [name]: '1.5' }, serializeType))).toThrow(name);
  }
  expect(() => decodePullMessageResponse(received(undefined, serializeType))).toThrow('suggestWhichBrokerId');
});

test.each(serializations)('agrees with the general way, serialization %i', (serializeType) => {
  const number = fc.oneof(
    fc.maxSafeInteger().map(String),
    fc.constantFrom('', '-1', '-0', '00', '9223372036854775807', '9007199254740993', ' 1', '1 ', 'x"\\'),
  );
  fc.assert(
    fc.property(
      fc.record({ suggestWhichBrokerId: number, nextBeginOffset: number, minOffset: number, maxOffset: number }),
      (given) => {
        const command = received(given, serializeType);
        let expected: object | undefined;
        try {
          const { topicSysFlag: _topic, groupSysFlag: _group, ...wanted } = pullMessageResponseHeader.decodeCommand(command);
          expected = wanted;
        } catch {
          expect(() => decodePullMessageResponse(command)).toThrow('header field');
          return;
        }
        expect(decodePullMessageResponse(command)).toEqual(expected);
      },
    ),
    { numRuns: 200 },
  );
});
