import { ProtocolError } from '@orbitmq/core/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFrameDecoder } from '../frame/create-frame-decoder.js';
import { createFrameWriter } from '../frame/create-frame-writer.js';
import { createRequest, type ExtFields, type RemotingCommand, SerializeType } from '../frame/remoting-command.js';
import { decodePullMessage } from './decode-pull-message.js';
import { type PullMessageHeader, pullMessageHeader } from './pull-message.js';

const serializations = [SerializeType.JSON, SerializeType.ROCKETMQ] as const;

function received(extFields: ExtFields | undefined, serializeType: SerializeType): RemotingCommand {
  const writer = createFrameWriter();
  writer.writeCommand({ ...createRequest(11, { extFields }), serializeType });
  const commands: RemotingCommand[] = [];
  createFrameDecoder().push(Buffer.concat(writer.take()), (command) => commands.push(command));
  return commands[0] as RemotingCommand;
}

function outcome(read: () => PullMessageHeader): unknown {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return (error as ProtocolError).message;
  }
}

/** The request of page 04 §1. */
const example = {
  queueId: '0',
  maxMsgNums: '32',
  sysFlag: '2',
  suspendTimeoutMillis: '15000',
  commitOffset: '0',
  bname: 'broker-a',
  topic: 'TopicT',
  queueOffset: '0',
  expressionType: 'TAG',
  subVersion: '1795216928231',
  consumerGroup: 'CG_A',
};

test.each(serializations)('the request of page 04, serialization %i', (serializeType) => {
  expect(decodePullMessage(received(example, serializeType))).toEqual({
    consumerGroup: 'CG_A',
    topic: 'TopicT',
    queueId: 0,
    queueOffset: 0,
    maxMsgNums: 32,
    sysFlag: 2,
    commitOffset: 0,
    suspendTimeoutMillis: 15000,
    subscription: undefined,
    subVersion: 1795216928231,
    expressionType: 'TAG',
    maxMsgBytes: undefined,
    brokerName: 'broker-a',
  });
});

test.each(serializations)(
  'a subscription version in nanoseconds reads as the number that JSON bodies give, serialization %i',
  (serializeType) => {
    const { subVersion } = decodePullMessage(received({ ...example, subVersion: '1795216928231123457' }, serializeType));
    expect(subVersion).toBe(JSON.parse('1795216928231123457'));
  },
);

test.each(serializations)('a subscription version beyond 64 bits is refused, serialization %i', (serializeType) => {
  for (const subVersion of ['-9223372036854776833', '9999999999999999999']) {
    const command = received({ ...example, subVersion }, serializeType);
    expect(outcome(() => decodePullMessage(command))).toMatch(/"subVersion" is not a 64-bit integer/);
  }
});

test.each(serializations)('agrees with the general way, serialization %i', (serializeType) => {
  const anyNumber = fc.oneof(
    fc.integer().map(String),
    fc.maxSafeInteger().map(String),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
    fc.constantFrom('', '-', '007', '1.5', 'x', '9223372036854775807', '-0'),
  );
  const anyName = fc.oneof(
    fc.constantFrom('TopicT', '*', 'a || b', '', '订单', '"\\'),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
  );
  const numbers = [
    'queueId',
    'queueOffset',
    'maxMsgNums',
    'sysFlag',
    'commitOffset',
    'suspendTimeoutMillis',
    'subVersion',
    'maxMsgBytes',
  ];
  const names = ['consumerGroup', 'topic', 'subscription', 'expressionType', 'bname', 'liteTopic'];
  const model = Object.fromEntries([...numbers.map((name) => [name, anyNumber]), ...names.map((name) => [name, anyName])]);
  fc.assert(
    fc.property(fc.record(model, { requiredKeys: [] }), fc.boolean(), (some, isTame) => {
      const command = received((isTame ? { ...example, ...some } : some) as ExtFields, serializeType);
      expect(outcome(() => decodePullMessage(command))).toEqual(outcome(() => pullMessageHeader.decodeCommand(command)));
    }),
    { numRuns: 300 },
  );
});
