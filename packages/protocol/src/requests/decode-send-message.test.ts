import { ProtocolError } from '@orbitmq/core/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFrameDecoder } from '../frame/create-frame-decoder.js';
import { createFrameWriter } from '../frame/create-frame-writer.js';
import { createRequest, type ExtFields, type RemotingCommand, SerializeType } from '../frame/remoting-command.js';
import { decodeSendMessage, type ReceivedSendMessageHeader } from './decode-send-message.js';
import { type SendMessageHeader, sendMessageHeader, sendMessageV2Header } from './send-message.js';

const serializations = [SerializeType.JSON, SerializeType.ROCKETMQ] as const;

function received(code: number, extFields: ExtFields | undefined, serializeType: SerializeType): RemotingCommand {
  const writer = createFrameWriter();
  writer.writeCommand({ ...createRequest(code, { extFields }), serializeType });
  return receivedBytes(Buffer.concat(writer.take()));
}

function receivedBytes(bytes: Buffer): RemotingCommand {
  const commands: RemotingCommand[] = [];
  createFrameDecoder().push(bytes, (command) => commands.push(command));
  return commands[0] as RemotingCommand;
}

function receivedJson(header: string): RemotingCommand {
  const bytes = Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + bytes.length, 0);
  prefix.writeInt32BE(bytes.length, 4);
  return receivedBytes(Buffer.concat([prefix, bytes]));
}

function fieldsOf(header: ReceivedSendMessageHeader): SendMessageHeader {
  const { propertiesBytes, ...others } = header;
  expect(propertiesBytes?.toString('utf8')).toBe(header.properties);
  return { ...others, properties: header.properties };
}

/** Result or error of the general way, which the hot way has to match. */
function outcome(read: () => SendMessageHeader): unknown {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return (error as ProtocolError).message;
  }
}

const expected: SendMessageHeader = {
  producerGroup: 'PG_A',
  topic: 'TopicT',
  defaultTopic: 'TBW102',
  defaultTopicQueueNums: 4,
  queueId: 3,
  sysFlag: 0,
  bornTimestamp: 1795216927080,
  flag: 0,
  properties:
    'color\u0001red\u0002KEYS\u0001key0\u0002UNIQ_KEY\u0001C0000202200C5FFD2B2766DC81680000\u0002WAIT\u0001true\u0002TAGS\u0001TagA',
  reconsumeTimes: 0,
  unitMode: false,
  maxReconsumeTimes: undefined,
  batch: false,
  brokerName: 'broker-a',
};

describe('the requests of page 03', () => {
  test('310, short names', () => {
    const header =
      '{"code":310,"extFields":{"a":"PG_A","b":"TopicT","c":"TBW102","d":"4","e":"3","f":"0","g":"1795216927080","h":"0","i":"color\\u0001red\\u0002KEYS\\u0001key0\\u0002UNIQ_KEY\\u0001C0000202200C5FFD2B2766DC81680000\\u0002WAIT\\u0001true\\u0002TAGS\\u0001TagA","j":"0","k":"false","m":"false","n":"broker-a"},"flag":0,"language":"JAVA","opaque":6,"serializeTypeCurrentRPC":"JSON","version":409}';
    expect(fieldsOf(decodeSendMessage(receivedJson(header)))).toEqual(expected);
  });

  test('10, long names', () => {
    const header =
      '{"code":10,"extFields":{"producerGroup":"PG_A","topic":"TopicT","defaultTopic":"TBW102","defaultTopicQueueNums":"4","queueId":"3","sysFlag":"0","bornTimestamp":"1795216927080","flag":"0","properties":"TAGS\\u0001TagA","reconsumeTimes":"0","unitMode":"false","batch":"false"},"flag":0,"language":"CPP","opaque":7,"version":409}';
    expect(fieldsOf(decodeSendMessage(receivedJson(header)))).toEqual({
      ...expected,
      properties: 'TAGS\u0001TagA',
      brokerName: undefined,
    });
  });

  test('320, a batch', () => {
    const header =
      '{"code":320,"extFields":{"a":"PG_A","b":"TopicT","c":"TBW102","d":"4","e":"2","f":"0","g":"1795216927185","h":"0","i":"WAIT\\u0001true","j":"0","k":"false","m":"true","n":"broker-a"},"flag":0,"language":"JAVA","opaque":12,"version":409}';
    expect(decodeSendMessage(receivedJson(header))).toMatchObject({ batch: true, queueId: 2, properties: 'WAIT\u0001true' });
  });
});

describe('replies, whose names are those of the sends', () => {
  test.each([
    [324, sendMessageHeader],
    [325, sendMessageV2Header],
  ])('%i', (code, names) => {
    for (const serializeType of serializations) {
      expect(fieldsOf(decodeSendMessage(received(code, names.encode(expected), serializeType)))).toEqual(expected);
    }
    expect(fieldsOf(decodeSendMessage(createRequest(code, { extFields: names.encode(expected) })))).toEqual(expected);
  });
});

describe('unusual forms', () => {
  test('numbers and booleans not as text, white space, escaped names and values', () => {
    const header =
      '{ "code" : 310, "extFields" : { "\\u0061":"PG_A", "b" : "T\\u006fpicT","c":"TBW102","d":4,"e":3,"f":0,"g":1795216927080,"h":0,"k":false,"m":true,"l":null,"Z":[1]} }';
    expect(fieldsOf(decodeSendMessage(receivedJson(header)))).toEqual({
      ...expected,
      properties: undefined,
      reconsumeTimes: undefined,
      batch: true,
      brokerName: undefined,
    });
  });

  test('a request that is read later, when other headers have come in between', () => {
    const [first, second] = serializations.map((serializeType) =>
      received(310, sendMessageV2Header.encode(expected), serializeType),
    );
    for (const command of [second, first, second]) {
      expect(fieldsOf(decodeSendMessage(command as RemotingCommand))).toEqual(expected);
    }
  });

  test('more fields than are noted', () => {
    const { j: _left, ...first } = sendMessageV2Header.encode(expected);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x${index}`, String(index)]));
    for (const serializeType of serializations) {
      for (const extFields of [
        { ...first, ...many, j: '7' },
        { j: '7', ...many, ...first },
      ]) {
        const header = decodeSendMessage(received(310, extFields, serializeType));
        expect(fieldsOf(header)).toEqual({ ...expected, reconsumeTimes: 7 });
      }
    }
  });

  test('a command that was not received', () => {
    const command = createRequest(310, { extFields: sendMessageV2Header.encode(expected) });
    expect(fieldsOf(decodeSendMessage(command))).toEqual(expected);
  });

  test('equal names are the same string', () => {
    const [first, second] = serializations.map((serializeType) =>
      decodeSendMessage(received(310, sendMessageV2Header.encode(expected), serializeType)),
    );
    expect(Object.is(first?.topic, second?.topic)).toBe(true);
  });
});

describe('agreement with the general way', () => {
  const anyNumber = fc.oneof(
    fc.integer().map(String),
    fc.maxSafeInteger().map(String),
    fc.constantFrom('', '-', '+1', '007', '1.5', '1e3', ' 1', 'x', '9223372036854775807', '99999999999999999999', '-0', 'NaN'),
  );
  const anyName = fc.oneof(
    fc.constantFrom('TopicT', '', 'a b', '订单', '"', '\\', '\u0001'),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
  );
  const anyBoolean = fc.constantFrom('true', 'false', 'TRUE', 'True', 'yes', '', 'tru\u0000');
  const wild = {
    producerGroup: anyName,
    topic: anyName,
    defaultTopic: anyName,
    defaultTopicQueueNums: anyNumber,
    queueId: anyNumber,
    sysFlag: anyNumber,
    bornTimestamp: anyNumber,
    flag: anyNumber,
    properties: anyName,
    reconsumeTimes: anyNumber,
    unitMode: anyBoolean,
    maxReconsumeTimes: anyNumber,
    batch: anyBoolean,
    bname: anyName,
    stranger: anyName,
  };
  const tame = {
    producerGroup: 'PG',
    topic: 'T',
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: '4',
    queueId: '1',
    sysFlag: '0',
    bornTimestamp: '1795216927080',
    flag: '0',
  };
  const shortNames: Record<string, string> = Object.fromEntries(
    'abcdefghijklmn'.split('').map((short, index) => [Object.keys(wild)[index] ?? '', short]),
  );

  test.each(serializations)('serialization %i, long and short names, valid or not', (serializeType) => {
    fc.assert(
      fc.property(fc.record(wild, { requiredKeys: [] }), fc.boolean(), fc.boolean(), (some, isShort, isTame) => {
        const long = Object.entries(isTame ? { ...tame, ...some } : some);
        const extFields = Object.fromEntries(isShort ? long.map(([name, value]) => [shortNames[name] ?? name, value]) : long);
        const command = received(isShort ? 310 : 10, extFields, serializeType);
        const general = isShort ? sendMessageV2Header : sendMessageHeader;
        expect(outcome(() => fieldsOf(decodeSendMessage(command)))).toEqual(outcome(() => general.decodeCommand(command)));
      }),
      { numRuns: 300 },
    );
  });

  test.each(serializations)('every field left out, serialization %i', (serializeType) => {
    for (const name of Object.keys(tame)) {
      const { [name]: _left, ...others } = tame as Record<string, string>;
      expect(() => decodeSendMessage(received(10, others, serializeType))).toThrow(`"${name}"`);
    }
    expect(() => decodeSendMessage(received(10, undefined, serializeType))).toThrow(ProtocolError);
  });
});

test('properties with every kind of escape', () => {
  const properties = 'a\u0001\\"/\b\f\n\r\t\u0000é订\ud83d\ude00\u2028\u0002';
  const escaped = properties
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
  const { i: _left, ...others } = sendMessageV2Header.encode(expected);
  for (const inside of [
    escaped,
    escaped.toUpperCase().replaceAll('\\U', '\\u'),
    JSON.stringify(properties).slice(1, -1),
    'a\\u0001\\\\\\"\\/\\b\\f\\n\\r\\t\\u0000\\u00e9订\\ud83d\\ude00\\u2028\\u0002',
  ]) {
    const command = receivedJson(`{"code":310,"extFields":{"i":"${inside}",${JSON.stringify(others).slice(1)}}`);
    expect(decodeSendMessage(command).properties).toBe(properties);
    expect(command.extFields?.i).toBe(properties);
  }
  const halves = receivedJson(`{"code":310,"extFields":{"i":"\\ud800x\\udc00\\ud800\\u0041",${JSON.stringify(others).slice(1)}}`);
  expect(decodeSendMessage(halves).properties).toBe('\ufffdx\ufffd\ufffdA');
});
